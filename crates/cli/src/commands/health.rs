//! `health`: asks a running server whether it is well, for containers and supervisors.

mod own_certificate;

use std::ffi::{OsStr, OsString};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};

use super::container;
use crate::command_line::{self, Command, Parsed};
use crate::config::{self, Values};
use crate::environment::Environment;
use crate::exit::Failure;
use crate::options::{Profile, defs};
use crate::program::print;

/// How long the server may take for each step of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The first process of a container.
const FIRST_PROCESS: &str = "/proc/1/cmdline";

/// Asks the server, and fails unless it says that it is well.
pub(crate) fn health(parsed: Parsed, environment: &Environment) -> Result<(), Failure> {
    let values = config::gather(parsed, Profile::Wheelhouse, environment)?;
    let target = if let Some(url) = values.text(&defs::URL) {
        Target::of_url(url)?
    } else {
        let is_told = values.is_set(&defs::PORT) || values.is_set(&defs::HOST);
        let first = if is_told {
            None
        } else {
            std::fs::read(FIRST_PROCESS).ok()
        };
        let of_container = first.and_then(|words| values_of_container(&words, environment));
        Target::of_settings(of_container.as_ref().unwrap_or(&values))
    };
    let status = target.ask()?;
    if status != 200 {
        return Err(anyhow::anyhow!("{target} answers {status}").into());
    }
    print("ok\n")
}

/// Returns the settings of the server that is the first process of this container, if it is ours.
/// The health check of an image does not know the arguments that its container was started with.
fn values_of_container(words: &[u8], environment: &Environment) -> Option<Values> {
    let words: Vec<OsString> = words
        .strip_suffix(b"\0")?
        .split(|&byte| byte == 0)
        .map(|word| OsStr::from_bytes(word).to_owned())
        .collect();
    // A small first process of the container engine may stand before the program.
    let is_ours = |word: &OsString| {
        let name = Path::new(word).file_name();
        name.is_some_and(|name| name == "wheelhouse" || name == "pypi-server")
    };
    let words = &words[words.iter().position(is_ours)?..];
    let (read, environment) = if words.get(1).is_some_and(|word| word == "container") {
        let (words, environment) = container::as_in_image(&words[2..], environment);
        (
            command_line::read_as_pypi_server(&words, &|_| false),
            environment,
        )
    } else {
        (command_line::read(words, &|_| false), environment.clone())
    };
    let invocation = read.ok()?;
    match invocation.command {
        Command::Run(parsed) => config::gather(parsed, invocation.profile, &environment).ok(),
        _ => None,
    }
}

/// What is asked.
#[derive(Debug, PartialEq, Eq)]
struct Target {
    host: String,
    port: u16,
    path: String,
    scheme: Scheme,
}

/// How the server is spoken to.
#[derive(Debug, PartialEq, Eq)]
enum Scheme {
    Http,
    /// It must show the certificate in this file.
    Https(PathBuf),
    /// It has its certificate from an ACME server, or one that stands in for it.
    HttpsOfAcme,
}

impl std::fmt::Display for Target {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let scheme = match self.scheme {
            Scheme::Http => "http",
            Scheme::Https(_) | Scheme::HttpsOfAcme => "https",
        };
        write!(f, "{scheme}://{}:{}{}", self.host, self.port, self.path)
    }
}

impl Target {
    fn of_settings(values: &Values) -> Self {
        let host = match values.text(&defs::HOST).unwrap_or_default() {
            // Who listens on all addresses listens on this one.
            "" | "0.0.0.0" => "127.0.0.1",
            "::" => "::1",
            host => host,
        };
        let port = values
            .integer(&defs::PORT)
            .and_then(|port| u16::try_from(port).ok());
        let base = values
            .text(&defs::SERVER_BASE_URL)
            .unwrap_or_default()
            .trim_matches('/');
        let base = if base.is_empty() {
            String::new()
        } else {
            format!("/{base}")
        };
        Self {
            host: host.to_owned(),
            port: port.unwrap_or(8080),
            path: format!("{base}/healthz"),
            scheme: match values.path(&defs::TLS_CERTIFICATE) {
                Some(file) => Scheme::Https(file.to_owned()),
                None if !values.list(&defs::ACME_DOMAINS).is_empty() => Scheme::HttpsOfAcme,
                None => Scheme::Http,
            },
        }
    }

    fn of_url(text: &str) -> anyhow::Result<Self> {
        let url = url::Url::parse(text).context("`--url` is no address")?;
        if url.scheme() != "http" {
            bail!("`--url` must begin with `http://`: the server is asked on its own machine");
        }
        let host = url.host_str().context("`--url` names no host")?;
        let path = match url.path() {
            "/" => "/healthz",
            path => path,
        };
        Ok(Self {
            host: host.trim_matches(['[', ']']).to_owned(),
            port: url.port_or_known_default().unwrap_or(80),
            path: path.to_owned(),
            scheme: Scheme::Http,
        })
    }

    /// Sends a request and returns the status of the answer.
    fn ask(&self) -> anyhow::Result<u16> {
        let addresses = (self.host.as_str(), self.port).to_socket_addrs();
        let addresses = addresses.with_context(|| format!("cannot find {}", self.host))?;
        let mut refused = None;
        for address in addresses.take(4) {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    let status = self.ask_over(stream);
                    return status.with_context(|| format!("{self} does not answer"));
                }
                Err(error) => refused = Some(error),
            }
        }
        match refused {
            Some(error) => {
                Err(error).with_context(|| format!("cannot connect to {}:{}", self.host, self.port))
            }
            None => bail!("{} has no address", self.host),
        }
    }

    fn ask_over(&self, stream: TcpStream) -> anyhow::Result<u16> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        match &self.scheme {
            Scheme::Http => self.ask_within(stream),
            Scheme::Https(file) => self.ask_within(own_certificate::connect(Some(file), stream)?),
            Scheme::HttpsOfAcme => self.ask_within(own_certificate::connect(None, stream)?),
        }
    }

    fn ask_within(&self, mut stream: impl Read + Write) -> anyhow::Result<u16> {
        let host = if self.host.contains(':') {
            format!("[{}]", self.host)
        } else {
            self.host.clone()
        };
        let path = &self.path;
        let agent = concat!("wheelhouse-health/", env!("CARGO_PKG_VERSION"));
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: {agent}\r\nAccept: */*\r\n\
             Connection: close\r\n\r\n",
            self.port
        );
        stream.write_all(request.as_bytes())?;
        // `HTTP/1.1 200` is all that is needed of the answer.
        let mut head = [0; 12];
        stream.read_exact(&mut head)?;
        let head = std::str::from_utf8(&head).unwrap_or_default();
        let status = head.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..));
        status
            .and_then(|status| status.parse().ok())
            .context("the answer is not HTTP")
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader};
    use std::net::TcpListener;

    use super::*;

    /// Answers one request on loopback and returns the status that the check sees, with the line
    /// that it sent.
    fn asked(answer: &'static [u8]) -> (anyhow::Result<u16>, String) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines();
            let first = lines.next().unwrap().unwrap();
            let _rest: Vec<_> = lines
                .map_while(|line| line.ok().filter(|l| !l.is_empty()))
                .collect();
            stream.write_all(answer).unwrap();
            first
        });
        let target = Target {
            host: "127.0.0.1".into(),
            port,
            path: "/healthz".into(),
            scheme: Scheme::Http,
        };
        (target.ask(), server.join().unwrap())
    }

    #[test]
    fn status_of_the_answer_decides() {
        let (status, line) = asked(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        assert_eq!(
            (status.unwrap(), line.as_str()),
            (200, "GET /healthz HTTP/1.1")
        );
        assert_eq!(
            asked(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")
                .0
                .unwrap(),
            503
        );
        assert!(asked(b"SSH-2.0-OpenSSH_9.2\r\n").0.is_err());
        assert!(asked(b"HTTP/1.1").0.is_err());
    }

    #[test]
    fn address_follows_the_arguments_of_the_container() {
        let folder = tempfile::tempdir().unwrap();
        let environment = Environment::for_test(folder.path(), &[("PORT", "81")]);
        for (line, expected) in [
            (
                "/usr/bin/wheelhouse container",
                "http://127.0.0.1:81/healthz",
            ),
            (
                "wheelhouse container -v -P .htpasswd packages",
                "http://127.0.0.1:8080/healthz",
            ),
            (
                "wheelhouse container run -p 9000 packages",
                "http://127.0.0.1:9000/healthz",
            ),
            (
                "wheelhouse container -i :: --server-base-url x/",
                "http://::1:8080/x/healthz",
            ),
            (
                "/sbin/docker-init -- /usr/bin/wheelhouse container -p 82",
                "http://127.0.0.1:82/healthz",
            ),
            (
                "wheelhouse run -H 127.0.0.2 packages",
                "http://127.0.0.2:8080/healthz",
            ),
            ("pypi-server -p 83", "http://127.0.0.1:83/healthz"),
        ] {
            let words = format!("{}\0", line.replace(' ', "\0"));
            let values = values_of_container(words.as_bytes(), &environment).expect(line);
            assert_eq!(Target::of_settings(&values).to_string(), expected, "{line}");
        }
        for line in [
            "/sbin/init",
            "wheelhouse update",
            "wheelhouse container --nonsense",
            "",
        ] {
            let words = format!("{}\0", line.replace(' ', "\0"));
            assert!(
                values_of_container(words.as_bytes(), &environment).is_none(),
                "{line}"
            );
        }
    }

    #[test]
    fn url_without_a_path_asks_for_the_health_path() {
        let target = |url| Target::of_url(url).map(|target| target.to_string());
        assert_eq!(
            target("http://localhost:9").unwrap(),
            "http://localhost:9/healthz"
        );
        assert_eq!(
            target("http://[::1]/health").unwrap(),
            "http://::1:80/health"
        );
        assert!(target("https://index.example/").is_err());
    }
}
