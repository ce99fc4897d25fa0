//! Leaves out of a core module what only debuggers read. The names of functions stay: a backtrace is made of them,
//! and compilers leave them out together with the rest when they are asked for less.

/// The first bytes of a module: what it is, and the version.
const HEADER: usize = 8;

/// The module without its sections of the DWARF format. What is not understood is left as it is; whoever uses the module
/// says what is wrong with it.
pub(super) fn without_debug_sections(module: &[u8]) -> Vec<u8> {
    let mut kept = module.get(..HEADER).unwrap_or(module).to_vec();
    let mut rest = module.get(HEADER..).unwrap_or_default();
    while !rest.is_empty() {
        let Some((section, following)) = split(rest) else {
            kept.extend_from_slice(rest);
            break;
        };
        if !is_debug(section) {
            kept.extend_from_slice(section);
        }
        rest = following;
    }
    kept
}

/// The first section, and what follows it.
fn split(sections: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, start) = number(sections, 1)?;
    sections.split_at_checked(start.checked_add(size)?)
}

/// Whether a section is a custom one that debuggers read.
fn is_debug(section: &[u8]) -> bool {
    let name = || {
        let (_, start) = number(section, 1)?;
        let (size, start) = number(section, start)?;
        section.get(start..start.checked_add(size)?)
    };
    section.first() == Some(&0) && name().is_some_and(|name| name.starts_with(b".debug_"))
}

/// A number in LEB128 at `start`, and where it ends.
fn number(bytes: &[u8], start: usize) -> Option<(usize, usize)> {
    let mut value = 0;
    for (place, byte) in bytes.get(start..)?.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * place);
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, start + place + 1));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module of custom sections.
    fn module(names: &[&str], content: &[u8]) -> Vec<u8> {
        let mut module = b"\0asm\x01\0\0\0".to_vec();
        for name in names {
            let size = 1 + name.len() + content.len();
            module.extend([
                0,
                (size % 128) as u8 | 0x80,
                (size / 128) as u8,
                name.len() as u8,
            ]);
            module.extend(name.as_bytes());
            module.extend(content);
        }
        module
    }

    #[test]
    fn only_what_debuggers_read_is_left_out() {
        let content = [7; 300];
        let all = module(
            &[".debug_info", "name", ".debug_line", "producers"],
            &content,
        );
        let expected = module(&["name", "producers"], &content);
        assert_eq!(without_debug_sections(&all), expected);
    }

    #[test]
    fn what_is_no_module_stays_as_it_is() {
        let cut = &module(&["name"], &[7; 300])[..200];
        for bytes in [
            &b""[..],
            b"nothing",
            b"\0asm\x01\0\0\0\xff\xff\xff\xff\xff\xff",
            cut,
        ] {
            assert_eq!(without_debug_sections(bytes), bytes);
        }
    }
}
