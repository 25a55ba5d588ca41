//! What a file is and where it can be installed, by its name, in words.

use wheelhouse_standards::filename::WheelFilename;
use wheelhouse_standards::found::FileKind;

mod platform;
mod python;

/// Returns what a file is, such as `wheel for CPython 3.11 on Linux (x86-64, glibc 2.28 or newer)`.
/// Tags that are not known are shown as they are.
///
/// Standard: PyPA specifications, "Platform compatibility tags".
pub fn of_file(kind: FileKind, filename: &str) -> String {
    match kind {
        FileKind::Wheel => filename
            .parse::<WheelFilename>()
            .map_or_else(|_| "wheel".to_owned(), |wheel| of_wheel(&wheel)),
        FileKind::Sdist => "source, which is built when it is installed".to_owned(),
        FileKind::Egg => of_old(filename, "egg"),
        FileKind::WindowsInstaller => of_old(filename, "old kind of installer"),
        FileKind::Signature => "signature".to_owned(),
    }
}

fn of_wheel(wheel: &WheelFilename) -> String {
    let pythons: Vec<&str> = wheel.python_tags().collect();
    let abis: Vec<&str> = wheel.abi_tags().collect();
    let platforms: Vec<&str> = wheel.platform_tags().collect();
    let python = python::words(&pythons, &abis);
    let mut words = format!("wheel for {python}");
    if platforms.iter().any(|tag| tag.eq_ignore_ascii_case("any")) {
        words.push_str(", on any system");
    } else {
        words.push_str(" on ");
        words.push_str(&platform::words(&platforms));
    }
    if let Some(build) = wheel.build() {
        words.push_str(", build ");
        words.push_str(build);
    }
    words
}

/// Eggs and installers name one Python, if any.
fn of_old(filename: &str, what: &str) -> String {
    let version = filename.rsplit_once("-py").map(|(_, rest)| {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        rest[..end].trim_end_matches('.')
    });
    let python = match version.filter(|version| !version.is_empty()) {
        Some(version) => format!(" for Python {version}"),
        None => String::new(),
    };
    format!("{what}{python}, which pip does not install")
}

/// Joins words as a sentence does.
fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wheels_are_explained() {
        for (tags, words) in [
            ("py3-none-any", "any Python 3, on any system"),
            ("py2.py3-none-any", "any Python 2 or 3, on any system"),
            ("py38-none-any", "Python 3.8 or newer, on any system"),
            (
                "cp311-cp311-manylinux_2_28_x86_64",
                "CPython 3.11 on Linux (x86-64, glibc 2.28 or newer)",
            ),
            (
                "cp38-abi3-manylinux_2_17_aarch64.manylinux2014_aarch64",
                "CPython 3.8 or newer on Linux (ARM64, glibc 2.17 or newer)",
            ),
            (
                "cp27-cp27mu-manylinux1_i686",
                "CPython 2.7 on Linux (32-bit x86, glibc 2.5 or newer)",
            ),
            (
                "cp313-cp313t-musllinux_1_2_x86_64",
                "CPython 3.13, free-threaded, on Linux (x86-64, musl 1.2 or newer)",
            ),
            (
                "cp311-cp311-linux_armv7l",
                "CPython 3.11 on Linux (32-bit ARM)",
            ),
            (
                "cp312-cp312-macosx_11_0_arm64",
                "CPython 3.12 on macOS 11 or newer (Apple silicon)",
            ),
            (
                "cp312-cp312-macosx_10_9_universal2",
                "CPython 3.12 on macOS 10.9 or newer (Intel and Apple silicon)",
            ),
            ("cp310-cp310-win_amd64", "CPython 3.10 on Windows (x86-64)"),
            ("cp310-none-win32", "CPython 3.10 on Windows (32-bit)"),
            ("py3-none-win_arm64", "any Python 3 on Windows (ARM64)"),
            (
                "py3-none-macosx_10_9_x86_64.macosx_11_0_arm64.macosx_10_9_universal2",
                "any Python 3 on macOS 10.9 or newer (Intel), macOS 11 or newer (Apple silicon) and macOS 10.9 or newer \
                 (Intel and Apple silicon)",
            ),
            (
                "cp39.cp310.cp311-abi3-win_amd64",
                "CPython 3.9 or newer on Windows (x86-64)",
            ),
            (
                "cp39.cp310-cp39.cp310-win_amd64",
                "CPython 3.9 and CPython 3.10 on Windows (x86-64)",
            ),
            (
                "pp310-pypy310_pp73-win_amd64",
                "PyPy 3.10 on Windows (x86-64)",
            ),
            (
                "graalpy311-graalpy242_311_native-win_amd64",
                "GraalPy 3.11 on Windows (x86-64)",
            ),
            (
                "cp312-cp312-pyodide_2024_0_wasm32",
                "CPython 3.12 on Pyodide 2024.0 (WebAssembly)",
            ),
            (
                "cp312-cp312-emscripten_3_1_58_wasm32",
                "CPython 3.12 on Emscripten 3.1.58 (WebAssembly)",
            ),
            (
                "cp313-cp313-ios_13_0_arm64_iphoneos",
                "CPython 3.13 on iOS 13 or newer (ARM64)",
            ),
            (
                "cp313-cp313-ios_13_0_x86_64_iphonesimulator",
                "CPython 3.13 on iOS 13 or newer (x86-64, in the simulator)",
            ),
            (
                "cp313-cp313-android_21_arm64_v8a",
                "CPython 3.13 on Android with API 21 or newer (ARM64)",
            ),
            ("xy12-weird-strange_box", "xy12 (weird) on strange_box"),
            (
                "1-cp311-cp311-win32",
                "CPython 3.11 on Windows (32-bit), build 1",
            ),
        ] {
            let name = format!("demo-1.0-{tags}.whl");
            assert_eq!(
                of_file(FileKind::Wheel, &name),
                format!("wheel for {words}"),
                "{tags}"
            );
        }
    }

    #[test]
    fn other_files_are_explained() {
        for (kind, name, words) in [
            (FileKind::Wheel, "odd.whl", "wheel"),
            (
                FileKind::Sdist,
                "demo-1.0.tar.gz",
                "source, which is built when it is installed",
            ),
            (
                FileKind::Egg,
                "demo-1.0-py2.7.egg",
                "egg for Python 2.7, which pip does not install",
            ),
            (FileKind::Egg, "demo.egg", "egg, which pip does not install"),
            (
                FileKind::WindowsInstaller,
                "demo-1.0.win32-py2.7.exe",
                "old kind of installer for Python 2.7, which pip does not install",
            ),
            (FileKind::Signature, "demo-1.0.tar.gz.asc", "signature"),
        ] {
            assert_eq!(of_file(kind, name), words, "{name}");
        }
    }
}
