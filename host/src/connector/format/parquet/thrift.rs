//! Thrift's compact protocol, as far as it takes to find a few numbers in structures that one does not trust:
//! nothing is allocated, and nothing is believed that is not there.

/// How deep structures may be nested.
const MAX_DEPTH: u8 = 32;

/// Types in the protocol.
const I32: u8 = 5;
const TEXT: u8 = 8;
const LIST: u8 = 9;
const STRUCT: u8 = 12;

/// A field of a structure: its number and its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    number: i64,
    kind: u8,
}

impl Field {
    /// A number.
    pub(super) const fn i32(number: i64) -> Self {
        Self { number, kind: I32 }
    }

    /// A text.
    pub(super) const fn text(number: i64) -> Self {
        Self { number, kind: TEXT }
    }

    /// A structure.
    pub(super) const fn structure(number: i64) -> Self {
        Self {
            number,
            kind: STRUCT,
        }
    }

    /// A list, of structures if the one who asks has looked.
    pub(super) const fn list_of_structs(number: i64) -> Self {
        Self { number, kind: LIST }
    }

    /// Whether this is the field that is `wanted`. `None` if it has its number and another type: the reader looks at
    /// numbers alone, and would find something else in it than we do.
    pub(super) fn is(self, wanted: Self) -> Option<bool> {
        let is_it = self.number == wanted.number;
        (!is_it || self.kind == wanted.kind).then_some(is_it)
    }
}

/// Bytes that are read from the front. Every method gives `None` when they break off or make no sense.
pub(super) struct Thrift<'a> {
    bytes: &'a [u8],
}

impl<'a> Thrift<'a> {
    /// Reads these.
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// How many bytes are left.
    pub(super) const fn rest(&self) -> usize {
        self.bytes.len()
    }

    /// Reads a structure. `take` reads the value of a field and says that it did; all others are skipped.
    pub(super) fn fields(
        &mut self,
        mut take: impl FnMut(Field, &mut Self) -> Option<bool>,
    ) -> Option<()> {
        let mut number = 0_i64;
        loop {
            let head = self.byte()?;
            if head == 0 {
                return Some(());
            }
            number = match head >> 4 {
                0 => self.zigzag()?,
                step => number.checked_add(i64::from(step))?,
            };
            // The reader would cut off what is more.
            i16::try_from(number).ok()?;
            let field = Field {
                number,
                kind: head & 0xf,
            };
            if !take(field, self)? {
                self.skip(field.kind, MAX_DEPTH)?;
            }
        }
    }

    /// Reads the beginning of a list of structures: how many there are.
    pub(super) fn list(&mut self) -> Option<u64> {
        let (kind, length) = self.list_head()?;
        // Each takes a byte at least. Of what there are none, nobody needs to say what they are.
        ((kind == STRUCT || length == 0) && length <= self.bytes.len() as u64).then_some(length)
    }

    /// Reads a number.
    pub(super) fn zigzag(&mut self) -> Option<i64> {
        let number = self.varint()?;
        Some((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    /// Reads a text: how many bytes it has.
    pub(super) fn text(&mut self) -> Option<u64> {
        let length = self.varint()?;
        self.skip_bytes(length)?;
        Some(length)
    }

    fn list_head(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let length = match head >> 4 {
            15 => self.varint()?,
            length => u64::from(length),
        };
        Some((head & 0xf, length))
    }

    fn byte(&mut self) -> Option<u8> {
        let (&first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(first)
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn skip_bytes(&mut self, length: u64) -> Option<()> {
        self.bytes = self.bytes.get(usize::try_from(length).ok()?..)?;
        Some(())
    }

    fn skip(&mut self, kind: u8, depth: u8) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            // A boolean is its type.
            1 | 2 => Some(()),
            3 => self.skip_bytes(1),
            4..=6 => self.varint().map(|_| ()),
            7 => self.skip_bytes(8),
            TEXT => self.text().map(|_| ()),
            LIST | 10 => {
                let (kind, length) = self.list_head()?;
                self.skip_all(&[kind], length, depth)
            }
            11 => match self.varint()? {
                0 => Some(()),
                length => {
                    let kinds = self.byte()?;
                    self.skip_all(&[kinds >> 4, kinds & 0xf], length, depth)
                }
            },
            STRUCT => loop {
                let head = self.byte()?;
                if head == 0 {
                    return Some(());
                }
                if head >> 4 == 0 {
                    self.varint()?;
                }
                self.skip(head & 0xf, depth)?;
            },
            _ => None,
        }
    }

    /// Skips the elements of a list. A boolean takes a byte there, but not to the reader, which would lose its way: no
    /// structure of Parquet that is read here has some.
    fn skip_all(&mut self, kinds: &[u8], length: u64, depth: u8) -> Option<()> {
        for _ in 0..length {
            for &kind in kinds {
                match kind {
                    1 | 2 => return None,
                    kind => self.skip(kind, depth)?,
                }
            }
        }
        Some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first number of field 3, of what is left behind it.
    fn third(bytes: &[u8]) -> Option<(i64, usize)> {
        let mut thrift = Thrift::new(bytes);
        let mut found = 0;
        thrift.fields(|field, thrift| {
            if field.is(Field::i32(3))? {
                found = thrift.zigzag()?;
                return Some(true);
            }
            Some(false)
        })?;
        Some((found, thrift.rest()))
    }

    #[test]
    fn fields_are_found_behind_others() {
        assert_eq!(third(&[0x35, 0x0d, 0, 9]), Some((-7, 1)));
        // A boolean, a text, then the number.
        assert_eq!(
            third(&[0x11, 0x18, 2, b'a', b'b', 0x15, 2, 0]),
            Some((1, 0))
        );
        // A list of structures, and a map.
        assert_eq!(
            third(&[0x19, 0x2c, 0x15, 0, 0, 0, 0x25, 4, 0]),
            Some((2, 0))
        );
        assert_eq!(
            third(&[0x1b, 1, 0x58, 2, 1, b'x', 0x25, 4, 0]),
            Some((2, 0))
        );
        assert_eq!(third(&[0]), Some((0, 0)));
    }

    #[test]
    fn what_breaks_off_or_goes_deep_is_nothing() {
        for bytes in [
            &[][..],
            &[0x35],
            &[0x35, 0x80],
            &[0x18, 0xff, 0xff, 0xff, 0xff, 0x0f, 1],
            &[
                0x19, 0xf3, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f,
            ],
            &[0x1f, 0],
            // Another type, a number of 17 bits that ends like it, and booleans in a list.
            &[0x38, 1, b'a', 0],
            &[0x36, 2, 0],
            &[0x05, 0x86, 0x80, 0x08, 2, 0],
            &[0x19, 0x21, 1, 1, 0x25, 4, 0],
            &[
                0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
            ],
        ] {
            assert_eq!(third(bytes), None, "{bytes:?}");
        }
        assert_eq!(third(&[0x1c; 100_000]), None);
    }
}
