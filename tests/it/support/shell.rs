//! Commands as somebody types them into a shell, with `trao` on the path.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use super::gateway::{Gateway, Start};

/// A shell in a folder. `trao serve … &` is started on a free port, and the clients after it are told which.
pub struct Shell {
    folder: PathBuf,
    gateway: Option<Gateway>,
}

impl Shell {
    /// A shell in a folder.
    pub fn in_folder(folder: &Path) -> Shell {
        Shell { folder: folder.to_owned(), gateway: None }
    }

    /// Types a line; what it printed. A command that fails fails the test.
    pub fn types(&mut self, line: &str) -> String {
        if let Some(data) = line.strip_prefix("trao serve --data ").and_then(|rest| rest.strip_suffix(" &")) {
            self.gateway = None;
            self.gateway = Some(Gateway::start_on(&self.folder.join(data), Start::default()));
            return String::new();
        }
        let output = self.runs(line);
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{line}\nended with {}: {told}", output.status);
        String::from_utf8(output.stdout).unwrap()
    }

    fn runs(&self, line: &str) -> Output {
        let binaries = Path::new(env!("CARGO_BIN_EXE_trao")).parent().unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("sh");
        shell.args(["-c", line]).current_dir(&self.folder);
        shell.env("PATH", format!("{}:{path}", binaries.display())).env("LANG", "C.UTF-8");
        shell.env_remove("TRAO_TOKEN_FILE").env_remove("TRAO_SERVER");
        if let Some(gateway) = &self.gateway {
            shell.env("TRAO_SERVER", gateway.url());
        }
        shell.output().unwrap()
    }
}
