//! File names of wheels and sdists by the standards: what installers can read, and beyond that
//! what an upload has to be called. Laxer recognition of files in a directory is in
//! [`found`](crate::found).

use std::fmt;
use std::str::FromStr;

use crate::name::{ProjectName, ProjectNameError};
use crate::version::{Version, VersionError};

/// The name of a wheel or an sdist.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum DistributionFilename {
    /// A wheel.
    Wheel(WheelFilename),
    /// An sdist.
    Sdist(SdistFilename),
}

impl DistributionFilename {
    /// Longest accepted file name, in bytes: file systems hold no longer ones.
    pub const MAX_BYTES: usize = 255;

    /// Returns the project that the file belongs to.
    pub fn project(&self) -> &ProjectName {
        match self {
            Self::Wheel(wheel) => wheel.project(),
            Self::Sdist(sdist) => sdist.project(),
        }
    }

    /// Returns the version that the file belongs to.
    pub fn version(&self) -> &Version {
        match self {
            Self::Wheel(wheel) => wheel.version(),
            Self::Sdist(sdist) => sdist.version(),
        }
    }

    /// Returns whether two names are of the same distribution: project, version, build and tags,
    /// however they are spelled and ordered.
    pub fn is_same(&self, other: &Self) -> bool {
        fn sorted<'a>(tags: impl Iterator<Item = &'a str>) -> Vec<String> {
            let mut tags: Vec<String> = tags.map(str::to_ascii_lowercase).collect();
            tags.sort_unstable();
            tags.dedup();
            tags
        }
        if self.project() != other.project() || self.version() != other.version() {
            return false;
        }
        match (self, other) {
            (Self::Sdist(_), Self::Sdist(_)) => true,
            (Self::Wheel(one), Self::Wheel(two)) => {
                one.build() == two.build()
                    && sorted(one.python_tags()) == sorted(two.python_tags())
                    && sorted(one.abi_tags()) == sorted(two.abi_tags())
                    && sorted(one.platform_tags()) == sorted(two.platform_tags())
            }
            _ => false,
        }
    }

    /// Checks that the name is spelled as an upload's has to be.
    ///
    /// # Errors
    /// [`FilenameError::NotNormal`], with the name that is expected.
    pub fn check_normal(&self) -> Result<(), FilenameError> {
        match self {
            Self::Wheel(wheel) => wheel.check_normal(),
            Self::Sdist(sdist) => sdist.check_normal(),
        }
    }
}

impl FromStr for DistributionFilename {
    type Err = FilenameError;

    /// Reads a name by its extension: `.whl`, `.tar.gz` or `.zip`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        if name.strip_suffix(".whl").is_some() {
            name.parse().map(Self::Wheel)
        } else if SdistFormat::of(name).is_some() {
            name.parse().map(Self::Sdist)
        } else {
            Err(FilenameError::Extension)
        }
    }
}

impl fmt::Display for DistributionFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Wheel(wheel) => wheel.fmt(f),
            Self::Sdist(sdist) => sdist.fmt(f),
        }
    }
}

/// The name of a wheel, such as `friendly_bard-1.0-1-py3-none-any.whl`.
///
/// Old spellings of the project (`Friendly.Bard-…`) are read too, because installers read them;
/// [`check_normal`](Self::check_normal) refuses them.
///
/// Standard: PyPA specifications, "Binary distribution format", as `packaging` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WheelFilename {
    name: Box<str>,
    project: ProjectName,
    version: Version,
}

impl WheelFilename {
    /// Returns the file name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the project that the wheel belongs to.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// Returns the project's name as the file spells it, such as `friendly_bard`. The wheel's
    /// `.dist-info` folder begins with it.
    pub fn distribution(&self) -> &str {
        self.part(0)
    }

    /// Returns the version that the wheel belongs to.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns the build tag, such as `1` or `2local`: it starts with a digit.
    pub fn build(&self) -> Option<&str> {
        (self.parts().count() == 6).then(|| self.part(2))
    }

    /// Returns the Python tags, such as `py2` and `py3`; at least one.
    pub fn python_tags(&self) -> impl Iterator<Item = &str> {
        self.tags(3)
    }

    /// Returns the ABI tags, such as `none`; at least one.
    pub fn abi_tags(&self) -> impl Iterator<Item = &str> {
        self.tags(2)
    }

    /// Returns the platform tags, such as `any`; at least one.
    pub fn platform_tags(&self) -> impl Iterator<Item = &str> {
        self.tags(1)
    }

    /// Checks that the project's name is spelled in its normal form, with `_` for `-`.
    ///
    /// # Errors
    /// [`FilenameError::NotNormal`], with the name that is expected.
    pub fn check_normal(&self) -> Result<(), FilenameError> {
        let escaped = escaped(&self.project);
        if self.distribution() == escaped {
            return Ok(());
        }
        let rest = &self.name[self.distribution().len()..];
        Err(FilenameError::NotNormal {
            expected: format!("{escaped}{rest}"),
        })
    }

    fn parts(&self) -> impl Iterator<Item = &str> {
        stem(&self.name).split('-')
    }

    fn part(&self, index: usize) -> &str {
        self.parts().nth(index).unwrap_or_default()
    }

    fn tags(&self, place_from_end: usize) -> impl Iterator<Item = &str> {
        self.part(self.parts().count() - place_from_end).split('.')
    }
}

fn stem(wheel: &str) -> &str {
    wheel.strip_suffix(".whl").unwrap_or(wheel)
}

impl FromStr for WheelFilename {
    type Err = FilenameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        check_characters(name)?;
        let stem = name.strip_suffix(".whl").ok_or(FilenameError::Extension)?;
        let parts: Vec<&str> = stem.split('-').collect();
        let (distribution, version, build, tags) = match parts[..] {
            [distribution, version, ref tags @ ..] if tags.len() == 3 => {
                (distribution, version, None, tags)
            }
            [distribution, version, build, ref tags @ ..] if tags.len() == 3 => {
                (distribution, version, Some(build), tags)
            }
            _ => return Err(FilenameError::WheelParts(parts.len())),
        };
        if distribution.contains("__") {
            return Err(FilenameError::Underscores);
        }
        if build.is_some_and(|build| !build.starts_with(|c: char| c.is_ascii_digit())) {
            return Err(FilenameError::BuildTag);
        }
        let all_tags = || tags.iter().flat_map(|set| set.split('.'));
        if all_tags().any(|tag| !is_tag(tag)) {
            return Err(FilenameError::Tag);
        }
        if tags[0]
            .split('.')
            .any(|tag| tag.starts_with(|c: char| c.is_ascii_digit()))
        {
            return Err(FilenameError::PythonTag);
        }
        Ok(Self {
            project: distribution.parse()?,
            version: version.parse()?,
            name: name.into(),
        })
    }
}

impl fmt::Display for WheelFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// The name of an sdist, such as `friendly_bard-1.0.tar.gz`.
///
/// Old spellings (`Friendly-Bard-1.0.zip`) are read too, because installers read them;
/// [`check_normal`](Self::check_normal) refuses all but the extension.
///
/// Standard: PyPA specifications, "Source distribution format" (PEP 625), as `packaging` reads it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SdistFilename {
    name: Box<str>,
    project: ProjectName,
    version: Version,
    format: SdistFormat,
}

impl SdistFilename {
    /// Returns the file name.
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// Returns the project that the sdist belongs to.
    pub fn project(&self) -> &ProjectName {
        &self.project
    }

    /// Returns the project's name as the file spells it.
    pub fn distribution(&self) -> &str {
        let after = self.version.as_str().len() + self.format.extension().len() + "-".len();
        &self.name[..self.name.len() - after]
    }

    /// Returns the version that the sdist belongs to.
    pub fn version(&self) -> &Version {
        &self.version
    }

    /// Returns how the sdist is packed.
    pub fn format(&self) -> SdistFormat {
        self.format
    }

    /// Checks that the name is made of the project's normal form, with `_` for `-`, and of the
    /// version's normal form.
    ///
    /// # Errors
    /// [`FilenameError::NotNormal`], with the name that is expected.
    pub fn check_normal(&self) -> Result<(), FilenameError> {
        let expected = format!(
            "{}-{}{}",
            escaped(&self.project),
            self.version.canonical(),
            self.format.extension()
        );
        if *self.name == expected {
            Ok(())
        } else {
            Err(FilenameError::NotNormal { expected })
        }
    }
}

impl FromStr for SdistFilename {
    type Err = FilenameError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        check_characters(name)?;
        let format = SdistFormat::of(name).ok_or(FilenameError::Extension)?;
        let stem = &name[..name.len() - format.extension().len()];
        // A normal version holds no hyphen, so the last one ends the name.
        let (distribution, version) = stem.rsplit_once('-').ok_or(FilenameError::SdistParts)?;
        Ok(Self {
            project: distribution.parse()?,
            version: version.parse()?,
            name: name.into(),
            format,
        })
    }
}

impl fmt::Display for SdistFilename {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

/// How an sdist is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SdistFormat {
    /// `.tar.gz`, the standard's only format today.
    TarGz,
    /// `.zip`, which old sdists have.
    Zip,
}

impl SdistFormat {
    /// Returns the file extension, with its dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::TarGz => ".tar.gz",
            Self::Zip => ".zip",
        }
    }

    fn of(name: &str) -> Option<Self> {
        [Self::TarGz, Self::Zip]
            .into_iter()
            .find(|format| name.ends_with(format.extension()))
    }
}

/// Why a text is not the file name of a wheel or an sdist.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FilenameError {
    /// Longer than [`DistributionFilename::MAX_BYTES`].
    #[error("file name is longer than {} bytes", DistributionFilename::MAX_BYTES)]
    TooLong,
    /// Holds a character that no part of a name may hold: this is the first one.
    #[error("file name contains {0:?}; use ASCII letters, digits, `.`, `_`, `-`, `+`, `!`")]
    Character(char),
    /// Neither a wheel nor an sdist.
    #[error("file name must end with `.whl` for a wheel or `.tar.gz` for an sdist")]
    Extension,
    /// A wheel's name does not have five or six parts, but this many.
    #[error(
        "wheel file name must have 5 or 6 parts joined by `-`, such as `name-1.0-py3-none-any.whl`, but has {0}; write `_` for `-` within the name"
    )]
    WheelParts(usize),
    /// A wheel's project name holds `__`.
    #[error("wheel file name must not hold `__` in the project name; write one `_`")]
    Underscores,
    /// A wheel's build tag does not start with a digit.
    #[error("build tag in the wheel file name must start with a digit")]
    BuildTag,
    /// A tag is empty or not made of letters, digits and `_`.
    #[error(
        "tags in the wheel file name must be ASCII letters, digits and `_`, joined by `.`, such as `py3-none-any`"
    )]
    Tag,
    /// A Python tag starts with a digit.
    #[error("Python tag in the wheel file name must start with a letter, such as `py3`")]
    PythonTag,
    /// An sdist's name has no hyphen.
    #[error(
        "sdist file name must be the project name, `-` and the version, such as `name-1.0.tar.gz`"
    )]
    SdistParts,
    /// The first part is not a project name.
    #[error("file name does not start with a project name: {0}")]
    Project(#[from] ProjectNameError),
    /// The part in the version's place is not one.
    #[error("file name does not hold a version where it should: {0}")]
    Version(#[from] VersionError),
    /// Readable, but spelled in an old way.
    #[error("file name must be `{expected}`; build the file anew with a current build tool")]
    NotNormal {
        /// What the file has to be called.
        expected: String,
    },
}

fn escaped(project: &ProjectName) -> String {
    project.as_str().replace('-', "_")
}

fn is_tag(tag: &str) -> bool {
    !tag.is_empty() && tag.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

fn check_characters(name: &str) -> Result<(), FilenameError> {
    if name.len() > DistributionFilename::MAX_BYTES {
        return Err(FilenameError::TooLong);
    }
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || ".-_+!".contains(c);
    match name.chars().find(|&c| !is_allowed(c)) {
        Some(found) => Err(FilenameError::Character(found)),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests;
