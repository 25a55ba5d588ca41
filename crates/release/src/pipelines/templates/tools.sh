set -eu
# Tools go into a folder of their own, beside the repository.
TOOLS={{ tools }}
python3 -m venv --clear "$TOOLS"
PATH=$TOOLS/bin:$PATH
