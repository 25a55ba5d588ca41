//! Platform tags in words.

use super::listed;

/// Old names of `manylinux` tags, and the version of glibc that each stands for.
const OLD_GLIBC: [(&str, u32); 3] = [
    ("manylinux1_", 5),
    ("manylinux2010_", 12),
    ("manylinux2014_", 17),
];

/// What a tag stands for.
enum Platform<'a> {
    /// Linux with a library of C, from a version on.
    Linux(&'static str, (u32, u32), &'a str),
    Other(String),
}

/// Returns which systems the tags stand for.
pub(super) fn words(tags: &[&str]) -> String {
    let tags: Vec<String> = tags.iter().map(|tag| tag.to_ascii_lowercase()).collect();
    let platforms: Vec<Platform<'_>> = tags.iter().map(|tag| read(tag)).collect();
    let mut words = Vec::new();
    for platform in &platforms {
        let word = match platform {
            Platform::Other(word) => word.clone(),
            Platform::Linux(library, version, machine) => {
                // Of several names for the same machine, the oldest system counts.
                let oldest = platforms.iter().filter_map(|other| match other {
                    Platform::Linux(known, version, other)
                        if known == library && other == machine =>
                    {
                        Some(*version)
                    }
                    _ => None,
                });
                let (major, minor) = oldest.min().unwrap_or(*version);
                format!(
                    "Linux ({}, {library} {major}.{minor} or newer)",
                    self::machine(machine)
                )
            }
        };
        if !words.contains(&word) {
            words.push(word);
        }
    }
    listed(&words)
}

fn read(tag: &str) -> Platform<'_> {
    for (prefix, minor) in OLD_GLIBC {
        if let Some(machine) = tag.strip_prefix(prefix) {
            return Platform::Linux("glibc", (2, minor), machine);
        }
    }
    for (prefix, library) in [("manylinux_", "glibc"), ("musllinux_", "musl")] {
        if let Some((version, machine)) = tag.strip_prefix(prefix).and_then(versioned) {
            return Platform::Linux(library, version, machine);
        }
    }
    Platform::Other(other(tag).unwrap_or_else(|| tag.to_owned()))
}

fn other(tag: &str) -> Option<String> {
    match tag {
        "win32" => return Some("Windows (32-bit)".to_owned()),
        "win_amd64" => return Some("Windows (x86-64)".to_owned()),
        "win_arm64" => return Some("Windows (ARM64)".to_owned()),
        _ => {}
    }
    if let Some(machine) = tag.strip_prefix("linux_") {
        return Some(format!("Linux ({})", self::machine(machine)));
    }
    if let Some((version, machine)) = tag.strip_prefix("macosx_").and_then(versioned) {
        let machine = match machine {
            "x86_64" => "Intel",
            "arm64" => "Apple silicon",
            "universal2" => "Intel and Apple silicon",
            "i386" => "32-bit Intel",
            "intel" | "universal" | "fat" | "fat3" | "fat32" | "fat64" => "several old processors",
            machine => machine,
        };
        return Some(format!(
            "macOS {} or newer ({machine})",
            from_version(version)
        ));
    }
    if let Some((version, rest)) = tag.strip_prefix("ios_").and_then(versioned) {
        let (machine, device) = rest.rsplit_once('_')?;
        let place = if device == "iphonesimulator" {
            ", in the simulator"
        } else {
            ""
        };
        return Some(format!(
            "iOS {} or newer ({}{place})",
            from_version(version),
            self::machine(machine)
        ));
    }
    if let Some(rest) = tag.strip_prefix("android_") {
        let (level, machine) = rest.split_once('_')?;
        let level: u32 = level.parse().ok()?;
        return Some(format!(
            "Android with API {level} or newer ({})",
            self::machine(machine)
        ));
    }
    for (prefix, name) in [
        ("pyodide_", "Pyodide"),
        ("emscripten_", "Emscripten"),
        ("pyemscripten_", "Emscripten for Python"),
    ] {
        if let Some(version) = tag
            .strip_prefix(prefix)
            .and_then(|rest| rest.strip_suffix("_wasm32"))
        {
            return Some(format!(
                "{name} {} (WebAssembly)",
                version.replace('_', ".")
            ));
        }
    }
    None
}

/// Splits `2_28_x86_64`.
fn versioned(text: &str) -> Option<((u32, u32), &str)> {
    let (major, rest) = text.split_once('_')?;
    let (minor, machine) = rest.split_once('_')?;
    Some(((major.parse().ok()?, minor.parse().ok()?), machine))
}

/// Returns a version of a system whose makers leave out a second number that is zero.
fn from_version((major, minor): (u32, u32)) -> String {
    if minor == 0 {
        major.to_string()
    } else {
        format!("{major}.{minor}")
    }
}

fn machine(tag: &str) -> &str {
    match tag {
        "x86_64" | "amd64" => "x86-64",
        "i686" | "i386" | "x86" => "32-bit x86",
        "aarch64" | "arm64" | "arm64_v8a" => "ARM64",
        "armv7l" | "armv6l" | "armeabi_v7a" => "32-bit ARM",
        "ppc64le" => "POWER",
        "s390x" => "IBM Z",
        "riscv64" => "RISC-V",
        "loongarch64" => "LoongArch",
        other => other,
    }
}
