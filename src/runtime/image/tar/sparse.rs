//! Maps of sparse files: the old GNU header, and the three PAX forms 0.0, 0.1 and 1.0.
//!
//! It never reads data: segments come out checked, so that writing them cannot leave the file.

use super::pax::number;

/// A stretch of data in a sparse file; all else in it is a hole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) struct Segment {
    pub(in super::super) offset: u64,
    pub(in super::super) length: u64,
}

/// The `GNU.sparse.*` keywords of a PAX header.
#[derive(Debug, Clone, Default)]
pub(super) struct SparseKeys {
    pub(super) major: Option<u64>,
    pub(super) real_size: Option<u64>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) map: Vec<Segment>,
    /// An offset whose length has not come yet (form 0.0).
    offset: Option<u64>,
}

impl SparseKeys {
    pub(super) fn set(&mut self, key: &[u8], value: &[u8]) -> Option<()> {
        match key {
            b"major" => self.major = Some(number(value)?),
            b"size" | b"realsize" => self.real_size = Some(number(value)?),
            b"name" => self.name = Some(value.to_vec()),
            b"offset" => self.offset = Some(number(value)?),
            b"numbytes" => {
                let offset = self.offset.take()?;
                self.map.push(Segment { offset, length: number(value)? });
            }
            b"map" => self.map = pairs(value.split(|byte| *byte == b','))?,
            _ => {}
        }
        Some(())
    }

    pub(super) fn is_sparse(&self) -> bool {
        self.real_size.is_some()
    }
}

/// Reads `offset, length, offset, length, …`.
pub(super) fn pairs<'a>(mut numbers: impl Iterator<Item = &'a [u8]>) -> Option<Vec<Segment>> {
    let mut map = Vec::new();
    while let Some(offset) = numbers.next() {
        map.push(Segment { offset: number(offset)?, length: number(numbers.next()?)? });
    }
    Some(map)
}

/// Checks that the segments ascend, do not overlap, stay in the file, and are as long as the stored data.
pub(super) fn check(map: &[Segment], stored: u64, real_size: u64) -> Option<()> {
    let (mut end, mut sum) = (0, 0u64);
    for segment in map {
        if segment.offset < end {
            return None;
        }
        end = segment.offset.checked_add(segment.length)?;
        sum += segment.length;
    }
    (end <= real_size && sum == stored && i64::try_from(real_size).is_ok()).then_some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(offset: u64, length: u64) -> Segment {
        Segment { offset, length }
    }

    #[test]
    fn a_map_that_lies_is_refused() {
        assert_eq!(check(&[segment(0, 2), segment(5, 1)], 3, 9), Some(()));
        assert_eq!(check(&[segment(0, 0), segment(9, 0)], 0, 9), Some(()));
        assert_eq!(check(&[segment(0, 2), segment(1, 1)], 3, 9), None, "overlap");
        assert_eq!(check(&[segment(8, 2)], 2, 9), None, "beyond the end");
        assert_eq!(check(&[segment(0, 2)], 3, 9), None, "less than is stored");
        assert_eq!(check(&[segment(u64::MAX, 2)], 2, 9), None, "overflow");
        assert_eq!(check(&[], 0, u64::MAX), None, "longer than a file can be");
    }

    #[test]
    fn both_old_forms() {
        let mut keys = SparseKeys::default();
        keys.set(b"offset", b"1").unwrap();
        keys.set(b"numbytes", b"2").unwrap();
        assert_eq!(keys.map, [segment(1, 2)]);
        keys.set(b"map", b"3,4,5,6").unwrap();
        assert_eq!(keys.map, [segment(3, 4), segment(5, 6)]);
        assert_eq!(keys.set(b"map", b"3,4,5"), None);
        assert_eq!(keys.set(b"numbytes", b"2"), None);
    }
}
