//! Where clients have their settings, by operating system.

use super::Client;

/// An operating system, as far as the places of settings go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum System {
    /// Linux, and others that keep to the XDG folders.
    Linux,
    /// macOS.
    MacOs,
    /// Windows.
    Windows,
}

impl System {
    /// The system that this program was built for.
    pub const HERE: Self = if cfg!(windows) {
        Self::Windows
    } else if cfg!(target_os = "macos") {
        Self::MacOs
    } else {
        Self::Linux
    };
}

/// What the places depend on.
pub struct Machine<'a> {
    /// The operating system.
    pub system: System,
    /// The user's home folder.
    pub home: &'a str,
    /// Returns an environment variable, or `None` if it is not set or empty.
    pub variable: &'a dyn Fn(&str) -> Option<String>,
    /// Returns whether there is such a file or folder.
    pub exists: &'a dyn Fn(&str) -> bool,
}

impl std::fmt::Debug for Machine<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Machine").finish_non_exhaustive()
    }
}

impl Machine<'_> {
    /// Returns the file that pip reads: the one that a variable names, else the user's. Of the two
    /// that it knows the one that is there.
    pub fn pip(&self) -> String {
        if let Some(file) = (self.variable)("PIP_CONFIG_FILE") {
            return file;
        }
        let (name, old) = match self.system {
            System::Windows => ("pip.ini", "pip"),
            _ => ("pip.conf", ".pip"),
        };
        let own = match self.system {
            System::MacOs => {
                let folder = self.in_home(&["Library", "Application Support", "pip"]);
                if (self.exists)(&folder) {
                    folder
                } else {
                    self.in_home(&[".config", "pip"])
                }
            }
            _ => self.below(&self.roaming(), &["pip"]),
        };
        let own = self.below(&own, &[name]);
        let old = self.in_home(&[old, name]);
        if !(self.exists)(&own) && (self.exists)(&old) {
            return old;
        }
        own
    }

    /// Returns the file that uv reads.
    pub fn uv(&self) -> String {
        if let Some(file) = (self.variable)("UV_CONFIG_FILE") {
            return file;
        }
        let folder = match self.system {
            System::MacOs => self.xdg().unwrap_or_else(|| self.in_home(&[".config"])),
            _ => self.roaming(),
        };
        self.below(&folder, &["uv", "uv.toml"])
    }

    /// Returns a file of poetry's, such as `config.toml`.
    pub fn poetry(&self, name: &str) -> String {
        match (self.variable)("POETRY_CONFIG_DIR") {
            Some(folder) => self.below(&folder, &[name]),
            None => self.below(&self.roaming(), &["pypoetry", name]),
        }
    }

    /// Returns the file that pdm reads.
    pub fn pdm(&self) -> String {
        if let Some(file) = (self.variable)("PDM_CONFIG_FILE") {
            return file;
        }
        match self.system {
            System::Windows => self.below(&self.local(), &["pdm", "pdm", "config.toml"]),
            _ => self.below(&self.roaming(), &["pdm", "config.toml"]),
        }
    }

    /// Returns the file that hatch reads.
    pub fn hatch(&self) -> String {
        if let Some(file) = (self.variable)("HATCH_CONFIG") {
            return file;
        }
        let folder = match self.system {
            System::Windows => self.local(),
            _ => self.roaming(),
        };
        self.below(&folder, &["hatch", "config.toml"])
    }

    /// Returns the file that twine, flit and old setuptools read.
    pub fn pypirc(&self) -> String {
        self.in_home(&[".pypirc"])
    }

    /// Returns the file with passwords.
    pub fn netrc(&self) -> String {
        if let Some(file) = (self.variable)("NETRC") {
            return file;
        }
        let own = self.in_home(&[".netrc"]);
        let of_windows = self.in_home(&["_netrc"]);
        if self.system == System::Windows && !(self.exists)(&own) && (self.exists)(&of_windows) {
            return of_windows;
        }
        own
    }

    /// Returns the file in which we keep what we wrote, to take it back.
    pub fn record(&self) -> String {
        let folder = match self.system {
            System::Linux => {
                let own = (self.variable)("XDG_STATE_HOME").filter(|path| path.starts_with('/'));
                own.unwrap_or_else(|| self.in_home(&[".local", "state"]))
            }
            System::MacOs => self.in_home(&["Library", "Application Support"]),
            System::Windows => self.local(),
        };
        self.below(&folder, &["wheelhouse", "clients.json"])
    }

    /// Returns the other files that a client reads too, on top of the one that is written: what they
    /// say of indexes may win. The sites' files of pip are those of virtual environments.
    pub fn others(&self, client: Client) -> Vec<String> {
        let mut files = Vec::new();
        match client {
            Client::Pip | Client::Pipenv | Client::Conda => {
                let name = match self.system {
                    System::Windows => "pip.ini",
                    _ => "pip.conf",
                };
                if let Some(folder) = (self.variable)("VIRTUAL_ENV") {
                    files.push(self.below(&folder, &[name]));
                }
                match self.system {
                    System::Linux => {
                        files.push("/etc/pip.conf".to_owned());
                        files.push("/etc/xdg/pip/pip.conf".to_owned());
                    }
                    System::MacOs => {
                        files.push("/Library/Application Support/pip/pip.conf".to_owned());
                    }
                    System::Windows => {
                        let folder = (self.variable)("PROGRAMDATA");
                        let folder = folder.unwrap_or_else(|| "C:\\ProgramData".to_owned());
                        files.push(self.below(&folder, &["pip", name]));
                    }
                }
            }
            Client::Uv => match self.system {
                System::Windows => {
                    let folder = (self.variable)("PROGRAMDATA");
                    let folder = folder.unwrap_or_else(|| "C:\\ProgramData".to_owned());
                    files.push(self.below(&folder, &["uv", "uv.toml"]));
                }
                _ => files.push("/etc/uv/uv.toml".to_owned()),
            },
            _ => {}
        }
        files
    }

    /// Joins parts to a path as the system does.
    pub fn below(&self, folder: &str, parts: &[&str]) -> String {
        let separator = match self.system {
            System::Windows => '\\',
            _ => '/',
        };
        let mut path = folder.trim_end_matches(separator).to_owned();
        for part in parts {
            path.push(separator);
            path.push_str(part);
        }
        path
    }

    fn in_home(&self, parts: &[&str]) -> String {
        self.below(self.home, parts)
    }

    fn xdg(&self) -> Option<String> {
        (self.variable)("XDG_CONFIG_HOME").filter(|path| path.starts_with('/'))
    }

    /// The folder of settings; on Windows the one that follows a user to other machines.
    fn roaming(&self) -> String {
        match self.system {
            System::Linux => self.xdg().unwrap_or_else(|| self.in_home(&[".config"])),
            System::MacOs => {
                let own = self.in_home(&["Library", "Application Support"]);
                self.xdg().unwrap_or(own)
            }
            System::Windows => {
                (self.variable)("APPDATA").unwrap_or_else(|| self.in_home(&["AppData", "Roaming"]))
            }
        }
    }

    fn local(&self) -> String {
        (self.variable)("LOCALAPPDATA").unwrap_or_else(|| self.in_home(&["AppData", "Local"]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(system: System, home: &str, variables: &[(&str, &str)], files: &[&str]) -> Vec<String> {
        let machine = Machine {
            system,
            home,
            variable: &|name| {
                let (_, value) = variables.iter().find(|(found, _)| *found == name)?;
                Some((*value).to_owned())
            },
            exists: &|path| files.contains(&path),
        };
        vec![
            machine.pip(),
            machine.uv(),
            machine.poetry("auth.toml"),
            machine.pdm(),
            machine.hatch(),
            machine.pypirc(),
            machine.netrc(),
            machine.record(),
        ]
    }

    #[test]
    fn files_of_linux() {
        assert_eq!(
            all(System::Linux, "/h/ada", &[], &[]),
            [
                "/h/ada/.config/pip/pip.conf",
                "/h/ada/.config/uv/uv.toml",
                "/h/ada/.config/pypoetry/auth.toml",
                "/h/ada/.config/pdm/config.toml",
                "/h/ada/.config/hatch/config.toml",
                "/h/ada/.pypirc",
                "/h/ada/.netrc",
                "/h/ada/.local/state/wheelhouse/clients.json",
            ]
        );
        let moved = [("XDG_CONFIG_HOME", "/c/"), ("XDG_STATE_HOME", "/s")];
        assert_eq!(
            all(System::Linux, "/h/ada/", &moved, &[]),
            [
                "/c/pip/pip.conf",
                "/c/uv/uv.toml",
                "/c/pypoetry/auth.toml",
                "/c/pdm/config.toml",
                "/c/hatch/config.toml",
                "/h/ada/.pypirc",
                "/h/ada/.netrc",
                "/s/wheelhouse/clients.json",
            ]
        );
    }

    #[test]
    fn files_of_macos() {
        let home = "/u/ada";
        assert_eq!(
            all(System::MacOs, home, &[], &[]),
            [
                "/u/ada/.config/pip/pip.conf",
                "/u/ada/.config/uv/uv.toml",
                "/u/ada/Library/Application Support/pypoetry/auth.toml",
                "/u/ada/Library/Application Support/pdm/config.toml",
                "/u/ada/Library/Application Support/hatch/config.toml",
                "/u/ada/.pypirc",
                "/u/ada/.netrc",
                "/u/ada/Library/Application Support/wheelhouse/clients.json",
            ]
        );
        let folder = "/u/ada/Library/Application Support/pip";
        let found = all(System::MacOs, home, &[], &[folder]);
        assert_eq!(found[0], format!("{folder}/pip.conf"));
    }

    #[test]
    fn files_of_windows() {
        let home = "C:\\u\\ada";
        assert_eq!(
            all(System::Windows, home, &[], &[]),
            [
                "C:\\u\\ada\\AppData\\Roaming\\pip\\pip.ini",
                "C:\\u\\ada\\AppData\\Roaming\\uv\\uv.toml",
                "C:\\u\\ada\\AppData\\Roaming\\pypoetry\\auth.toml",
                "C:\\u\\ada\\AppData\\Local\\pdm\\pdm\\config.toml",
                "C:\\u\\ada\\AppData\\Local\\hatch\\config.toml",
                "C:\\u\\ada\\.pypirc",
                "C:\\u\\ada\\.netrc",
                "C:\\u\\ada\\AppData\\Local\\wheelhouse\\clients.json",
            ]
        );
        let moved = [("APPDATA", "D:\\r"), ("LOCALAPPDATA", "D:\\l")];
        let found = all(System::Windows, home, &moved, &["C:\\u\\ada\\_netrc"]);
        assert_eq!(
            found,
            [
                "D:\\r\\pip\\pip.ini",
                "D:\\r\\uv\\uv.toml",
                "D:\\r\\pypoetry\\auth.toml",
                "D:\\l\\pdm\\pdm\\config.toml",
                "D:\\l\\hatch\\config.toml",
                "C:\\u\\ada\\.pypirc",
                "C:\\u\\ada\\_netrc",
                "D:\\l\\wheelhouse\\clients.json",
            ]
        );
    }

    #[test]
    fn old_file_of_pip_is_taken_where_it_is_the_only_one() {
        for (system, home, old, own) in [
            (
                System::Linux,
                "/h",
                "/h/.pip/pip.conf",
                "/h/.config/pip/pip.conf",
            ),
            (
                System::MacOs,
                "/h",
                "/h/.pip/pip.conf",
                "/h/.config/pip/pip.conf",
            ),
            (
                System::Windows,
                "C:\\h",
                "C:\\h\\pip\\pip.ini",
                "C:\\h\\AppData\\Roaming\\pip\\pip.ini",
            ),
        ] {
            assert_eq!(all(system, home, &[], &[old])[0], old);
            assert_eq!(all(system, home, &[], &[old, own])[0], own);
        }
    }

    #[test]
    fn variables_name_other_files() {
        let variables = [
            ("PIP_CONFIG_FILE", "/p"),
            ("UV_CONFIG_FILE", "/u"),
            ("POETRY_CONFIG_DIR", "/po"),
            ("PDM_CONFIG_FILE", "/pd"),
            ("HATCH_CONFIG", "/h"),
            ("NETRC", "/n"),
        ];
        let found = all(System::Linux, "/h/ada", &variables, &[]);
        assert_eq!(
            found[..7],
            [
                "/p",
                "/u",
                "/po/auth.toml",
                "/pd",
                "/h",
                "/h/ada/.pypirc",
                "/n"
            ]
        );
    }
}
