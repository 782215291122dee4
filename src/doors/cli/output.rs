//! Standard output: buffered, and quiet once nobody reads it any more.

use std::fmt;
use std::io::{self, BufWriter, Write};

use serde::Serialize;

use super::Failure;

/// Where a command's data goes, and what it says beside it.
pub struct Output {
    data: Box<dyn Write + Send>,
    beside: Box<dyn Write + Send>,
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Output")
    }
}

impl Output {
    /// The process's standard output, and standard error beside it.
    pub fn stdout() -> Output {
        Output { data: Box::new(BufWriter::new(io::stdout())), beside: Box::new(io::stderr()) }
    }

    /// Any other place; what is said beside the data is dropped.
    pub fn to(out: impl Write + Send + 'static) -> Output {
        Output { data: Box::new(BufWriter::new(out)), beside: Box::new(io::sink()) }
    }

    /// One line.
    pub fn line(&mut self, text: &str) -> Result<(), Failure> {
        writeln!(self.data, "{text}").map_err(failed)
    }

    /// One JSON object on a line of its own.
    pub fn json(&mut self, object: &impl Serialize) -> Result<(), Failure> {
        let text = serde_json::to_string(object).map_err(|error| Failure::Output(error.into()))?;
        self.line(&text)
    }

    /// Hands over what was buffered.
    pub fn flush(&mut self) -> Result<(), Failure> {
        self.data.flush().map_err(failed)
    }

    /// A sentence beside the data, for people; nothing ends because nobody reads it.
    pub fn note(&mut self, text: &str) {
        let _unread = writeln!(self.beside, "{text}");
    }
}

/// A sentence on standard error. Whoever closed it does not want it: nothing ends because of that.
pub fn note(text: &str) {
    let _unread = writeln!(io::stderr(), "{text}");
}

fn failed(error: io::Error) -> Failure {
    if error.kind() == io::ErrorKind::BrokenPipe { Failure::Closed } else { Failure::Output(error) }
}

#[cfg(test)]
pub mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    /// Keeps what was printed.
    #[derive(Clone, Debug, Default)]
    pub struct Kept(Arc<Mutex<Vec<u8>>>);

    impl Kept {
        pub fn text(&self) -> String {
            String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
        }
    }

    impl Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    struct ClosedPipe;

    impl Write for ClosedPipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn a_closed_pipe_is_no_failure() {
        let mut output = Output::to(ClosedPipe);
        output.line("x").unwrap();
        assert!(matches!(output.flush(), Err(Failure::Closed)));
    }
}
