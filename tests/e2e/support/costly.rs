//! Components that are expensive to compile, and the processes that do that.

use std::fs;

/// What is expensive of a component.
#[derive(Clone, Copy, Debug)]
pub enum Costly {
    /// A million calls in one function: about two GiB of memory.
    Memory,
    /// 20,000 loops in each other: more than ten seconds.
    Time,
    /// 120,000 functions of an instruction each, as some generators of code make them: 700 MiB of memory.
    Functions,
}

impl Costly {
    /// `component` with a module in it that nobody uses.
    pub fn put_into(self, component: &[u8]) -> Vec<u8> {
        let (functions, body) = match self {
            Self::Memory => (1, b"\x10\x00".repeat(1_000_000)),
            Self::Time => {
                let depth = 20_000;
                let (begin, end) = (b"\x03\x40".repeat(depth), b"\x0b".repeat(depth));
                (1, [&begin[..], b"\x0c\x00", &end].concat())
            }
            Self::Functions => (120_000, b"\x01".to_vec()),
        };
        let function = with_length(&[b"\x00", &body[..], b"\x0b"].concat());
        let count = leb(functions);
        let module = [
            // A type, and functions of it, without parameters and results.
            &b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0"[..],
            &section(3, &[&count[..], &vec![0; functions]].concat()),
            &section(10, &[&count[..], &function.repeat(functions)].concat()),
        ];
        [component, &section(1, &module.concat())].concat()
    }
}

fn section(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], &with_length(content)[..]].concat()
}

/// The content after its length.
fn with_length(content: &[u8]) -> Vec<u8> {
    [&leb(content.len())[..], content].concat()
}

/// A number as LEB128.
fn leb(mut number: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

/// The processes that compile for a process.
pub fn compilers(parent: u32) -> Vec<u32> {
    let processes = fs::read_dir("/proc").expect("a folder");
    let processes = processes.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let compiles = |process: &u32| {
        // It may have gone meanwhile.
        let read = |name| fs::read_to_string(format!("/proc/{process}/{name}")).unwrap_or_default();
        read("cmdline").contains("\0compile-component\0")
            && read("status").contains(&format!("PPid:\t{parent}\n"))
    };
    processes.filter(compiles).collect()
}

/// Whether a process is there.
pub fn is_running(process: u32) -> bool {
    let status = fs::read_to_string(format!("/proc/{process}/status"));
    status.is_ok_and(|status| !status.contains("State:\tZ"))
}
