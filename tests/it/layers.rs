//! Imports point upward only: a module may use those that stand before it in `src/lib.rs`, and itself.

use std::path::{Path, PathBuf};

/// Modules in the order of `src/lib.rs`.
fn modules() -> Vec<String> {
    let lib = std::fs::read_to_string(root().join("lib.rs")).unwrap();
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';')).map(str::to_owned).collect()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn imports_point_upward_only() {
    let modules = modules();
    assert!(modules.len() > 10, "{modules:?}");
    let place = |name: &str| modules.iter().position(|module| module == name);
    let mut paths = Vec::new();
    files(&root(), &mut paths);
    let mut wrong = Vec::new();
    for path in paths {
        let inside = path.strip_prefix(root()).unwrap();
        let own = inside.components().next().unwrap().as_os_str().to_string_lossy().replace(".rs", "");
        let Some(at) = place(&own) else { continue };
        let text = std::fs::read_to_string(&path).unwrap();
        // Tests stand below the code and may look anywhere.
        let code = text.split("#[cfg(test)]").next().unwrap();
        for used in code.match_indices("crate::").map(|(start, mark)| &code[start + mark.len()..]) {
            let name: String = used.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if place(&name).is_some_and(|other| other > at) {
                wrong.push(format!("{} uses {name}", inside.display()));
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "imports that point downward:\n{}", wrong.join("\n"));
}
