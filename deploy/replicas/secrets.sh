#!/bin/sh
# Makes the secrets of compose.yaml, each one in a file of its own, and never changes one that is
# there.
#
#     deploy/replicas/secrets.sh [FOLDER]
#
# FOLDER is `secrets` beside this file unless it is named. Nobody but its owner can go into it; the
# files can be read by everybody, since the users in the containers, which get single files, are
# others. `htpasswd` is made empty: nobody can sign in until a user is added.
set -eu

FOLDER=${1:-$(dirname "$0")/secrets}
umask 077
mkdir -p "$FOLDER"
chmod 700 "$FOLDER"

# Prints so many random bytes as twice as many digits.
random() {
    od -An -v -tx1 -N"$1" /dev/urandom | tr -d ' \n'
}

# Writes standard input to a file that is not there.
keep() {
    [ ! -e "$FOLDER/$1" ] || return 0
    cat >"$FOLDER/$1.new"
    chmod 644 "$FOLDER/$1.new"
    mv "$FOLDER/$1.new" "$FOLDER/$1"
    echo "made $FOLDER/$1"
}

random 32 | keep postgres-password

# Both sides of the store of objects have the same key: made together, or not at all.
if [ ! -e "$FOLDER/s3-credentials" ] || [ ! -e "$FOLDER/s3-identities.json" ]; then
    rm -f "$FOLDER/s3-credentials" "$FOLDER/s3-identities.json"
    id=$(random 10)
    key=$(random 32)
    keep s3-credentials <<END
[default]
aws_access_key_id = $id
aws_secret_access_key = $key
END
    keep s3-identities.json <<END
{
  "identities": [
    {
      "name": "wheelhouse",
      "credentials": [{"accessKey": "$id", "secretKey": "$key"}],
      "actions": ["Read:wheels", "List:wheels", "Write:wheels", "Tagging:wheels"]
    }
  ]
}
END
fi

: | keep htpasswd
