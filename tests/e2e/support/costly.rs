//! Components that are expensive to compile, and the processes that do that.

use std::fs;

/// What is expensive of a component.
#[derive(Clone, Copy, Debug)]
pub enum Costly {
    /// A million calls in one function: about a GiB of memory.
    Memory,
    /// 20,000 loops in each other: more than ten seconds.
    Time,
}

impl Costly {
    /// `component` with a module in it that nobody uses.
    pub fn put_into(self, component: &[u8]) -> Vec<u8> {
        let body = match self {
            Self::Memory => b"\x10\x00".repeat(1_000_000),
            Self::Time => {
                let depth = 20_000;
                let (begin, end) = (b"\x03\x40".repeat(depth), b"\x0b".repeat(depth));
                [&begin[..], b"\x0c\x00", &end].concat()
            }
        };
        let function = [b"\x00", &body[..], b"\x0b"].concat();
        let module = [
            // A type and a function of it, without parameters and results.
            &b"\0asm\x01\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0"[..],
            &section(10, &[b"\x01", &with_length(&function)[..]].concat()),
        ];
        [component, &section(1, &module.concat())].concat()
    }
}

fn section(kind: u8, content: &[u8]) -> Vec<u8> {
    [&[kind], &with_length(content)[..]].concat()
}

/// The content after its length, as LEB128.
fn with_length(content: &[u8]) -> Vec<u8> {
    let mut length = content.len();
    let mut all = Vec::new();
    while length > 0x7f {
        all.push(length as u8 | 0x80);
        length >>= 7;
    }
    all.push(length as u8);
    all.extend(content);
    all
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
