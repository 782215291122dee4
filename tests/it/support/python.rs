//! A Python of the tests' own: what `examples/python/requirements.txt` pins, in an environment made for just these pins,
//! once for all tests that want it.

use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};

/// What a caller in Python is told to use.
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python/requirements.txt");
/// Says which pins an environment was made for; written last.
const MADE_FOR: &str = "made-for.txt";

/// The interpreter with the pinned packages, the examples' own module, and nothing of whoever runs the tests.
pub fn python() -> Command {
    static INTERPRETER: OnceLock<PathBuf> = OnceLock::new();
    let interpreter = INTERPRETER.get_or_init(|| {
        let pins = fs::read(REQUIREMENTS).unwrap();
        let folder = format!("python-{}", &hex::encode(Sha256::digest(&pins))[..16]);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(folder);
        interpreter("python3", &folder).unwrap_or_else(|why| panic!("{why}"))
    });
    let mut command = Command::new(interpreter);
    command.env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/examples/python"));
    command.env("PYTHONDONTWRITEBYTECODE", "1").env("LANG", "C.UTF-8");
    command.env_remove("TRAO_SERVER").env_remove("TRAO_TOKEN_FILE");
    command
}

/// Runs one of the tests' scripts, given a JSON value on stdin, and reads the one that it prints.
pub fn run(script: &str, given: &serde_json::Value) -> serde_json::Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/foreign").join(script);
    let mut child = python()
        .arg(&script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(given.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} ended with {}\n{said}", script.display(), output.status);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}\n{said}"))
}

/// The interpreter of the environment in a folder, which is made if it is not there whole; while one makes it others
/// wait, in this process and in others.
pub fn interpreter(python: &str, folder: &Path) -> Result<PathBuf, String> {
    let lock = File::create(folder.with_extension("lock")).map_err(|error| error.to_string())?;
    lock.lock().map_err(|error| error.to_string())?;
    let interpreter = folder.join("bin/python");
    if !is_whole(folder, &interpreter) {
        let _old = fs::remove_dir_all(folder);
        make(python, folder, &interpreter)?;
    }
    Ok(interpreter)
}

fn is_whole(folder: &Path, interpreter: &Path) -> bool {
    let pins = fs::read(REQUIREMENTS).unwrap();
    let imports = ["-c", "import google.protobuf, grpc, grpc_reflection"];
    fs::read(folder.join(MADE_FOR)).is_ok_and(|made_for| made_for == pins)
        && Command::new(interpreter).args(imports).output().is_ok_and(|output| output.status.success())
}

fn make(python: &str, folder: &Path, interpreter: &Path) -> Result<(), String> {
    let found = Command::new(python).args(["-c", "import ensurepip, venv"]).output();
    match found {
        Err(error) => return Err(format!("missing: {python} (package python3): {error}")),
        Ok(output) if !output.status.success() => {
            return Err(format!("missing: {python}'s venv and ensurepip (package python3-venv)"));
        }
        Ok(_) => {}
    }
    succeeds("make a Python environment", Command::new(python).args(["-m", "venv"]).arg(folder))?;
    let mut pip = Command::new(interpreter);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", REQUIREMENTS]);
    succeeds("install what examples/python/requirements.txt pins", &mut pip)?;
    fs::copy(REQUIREMENTS, folder.join(MADE_FOR)).map_err(|error| error.to_string())?;
    Ok(())
}

fn succeeds(what: &str, command: &mut Command) -> Result<(), String> {
    let output = command.output().map_err(|error| format!("could not {what}: {error}"))?;
    let said = [output.stdout, output.stderr].concat();
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("could not {what}: {}\n{}", output.status, String::from_utf8_lossy(&said))),
    }
}
