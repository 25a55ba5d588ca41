//! The name of an uploaded file: NAME, VER and FILE of the protocol.

use super::{Finding, Policy};
use crate::filename::{DistributionFilename, SdistFormat};

pub(super) fn check(name: &DistributionFilename, findings: &mut Vec<Finding>) {
    if let Err(error) = name.check_normal() {
        findings.push(Finding::broken(format!("Bad filename: {error}")));
    }
    match name {
        DistributionFilename::Sdist(sdist) if sdist.format() == SdistFormat::Zip => {
            findings.push(Finding::broken(
                "Bad filename: an sdist must be a `.tar.gz` file; zip files are no longer taken",
            ));
        }
        DistributionFilename::Wheel(wheel) => {
            if let Some(tag) = wheel.platform_tags().find(|tag| !is_public_platform(tag)) {
                findings.push(Finding::of(
                    Policy::PlatformTag,
                    format!("the platform tag `{tag}` is not one that the public index takes"),
                ));
            }
        }
        DistributionFilename::Sdist(_) => {}
    }
    if name.version().as_str().contains('+') {
        findings.push(Finding::of(
            Policy::LocalVersion,
            format!("the version `{}` has a local part", name.version()),
        ));
    }
}

/// Whether the public index takes wheels with a platform tag (FILE-6).
fn is_public_platform(tag: &str) -> bool {
    const PLAIN: &[&str] = &[
        "any",
        "win32",
        "win_amd64",
        "win_arm64",
        "win_ia64",
        "linux_armv6l",
        "linux_armv7l",
    ];
    const MANYLINUX_2014: &[&str] = &[
        "x86_64", "i686", "aarch64", "armv7l", "ppc64", "ppc64le", "s390x",
    ];
    const MANYLINUX: &[&str] = &[
        "x86_64", "i686", "aarch64", "armv7l", "ppc64le", "s390x", "riscv64", "ppc64",
    ];
    const MACOS: &[&str] = &[
        "ppc",
        "ppc64",
        "i386",
        "x86_64",
        "arm64",
        "intel",
        "fat",
        "fat3",
        "fat64",
        "universal",
        "universal2",
    ];
    const MACOS_MAJOR: &[&str] = &["11", "12", "13", "14", "15", "26"];
    const IOS: &[&str] = &[
        "arm64_iphoneos",
        "arm64_iphonesimulator",
        "x86_64_iphonesimulator",
    ];
    const ANDROID: &[&str] = &["armeabi_v7a", "arm64_v8a", "x86", "x86_64"];
    if PLAIN.contains(&tag) {
        return true;
    }
    let Some((family, rest)) = tag.split_once('_') else {
        return false;
    };
    match family {
        "manylinux1" | "manylinux2010" => matches!(rest, "x86_64" | "i686"),
        "manylinux2014" => MANYLINUX_2014.contains(&rest),
        "manylinux" => after_numbers(rest, 2).is_some_and(|arch| MANYLINUX.contains(&arch)),
        "musllinux" => {
            after_numbers(rest, 2).is_some_and(|arch| arch != "ppc64" && MANYLINUX.contains(&arch))
        }
        "macosx" => {
            let major = rest.split('_').next().unwrap_or_default();
            let minor_is_right = major == "10"
                || (MACOS_MAJOR.contains(&major) && rest[major.len()..].starts_with("_0_"));
            minor_is_right && after_numbers(rest, 2).is_some_and(|arch| MACOS.contains(&arch))
        }
        "ios" => after_numbers(rest, 2).is_some_and(|arch| IOS.contains(&arch)),
        "android" => after_numbers(rest, 1).is_some_and(|arch| ANDROID.contains(&arch)),
        "pyemscripten" => after_numbers(rest, 2) == Some("wasm32"),
        _ => false,
    }
}

/// Returns what follows this many numbers, each with its `_`.
fn after_numbers(mut text: &str, count: usize) -> Option<&str> {
    for _ in 0..count {
        let (number, rest) = text.split_once('_')?;
        let is_number = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        if !is_number {
            return None;
        }
        text = rest;
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_platforms_are_told_from_the_others() {
        for tag in [
            "any",
            "win_arm64",
            "linux_armv7l",
            "manylinux1_i686",
            "manylinux2014_s390x",
            "manylinux_2_28_x86_64",
            "musllinux_1_2_aarch64",
            "macosx_10_9_universal2",
            "macosx_26_0_arm64",
            "ios_13_0_arm64_iphonesimulator",
            "android_21_arm64_v8a",
            "pyemscripten_2026_0_wasm32",
        ] {
            assert!(is_public_platform(tag), "{tag}");
        }
        for tag in [
            "linux_x86_64",
            "win_sparc",
            "manylinux1_aarch64",
            "manylinux_2_x86_64",
            "manylinux_x_28_x86_64",
            "musllinux_1_2_ppc64",
            "macosx_11_1_arm64",
            "macosx_99_0_arm64",
            "macosx",
            "ios_13_0_x86_64_iphoneos",
            "",
        ] {
            assert!(!is_public_platform(tag), "{tag}");
        }
    }
}
