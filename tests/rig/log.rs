//! What a recorded process did to its files, in its order; the other end of `preload.c`.

use std::path::Path;

#[derive(Clone, Debug)]
pub(crate) enum Event {
    /// A file or folder was opened, and made if it was not there.
    Opened {
        path: String,
        inode: u64,
        truncated: bool,
    },
    Written {
        inode: u64,
        offset: u64,
        data: Vec<u8>,
        synced: bool,
    },
    /// `exact`: made this long; else at least this long.
    Sized {
        inode: u64,
        size: u64,
        exact: bool,
    },
    Synced {
        inode: u64,
    },
    Renamed {
        from: String,
        to: String,
    },
    Folder {
        path: String,
        inode: u64,
    },
    Removed {
        path: String,
    },
    Linked {
        from: String,
        to: String,
    },
    /// These bytes are about to be seen by the client.
    Answered(Vec<u8>),
    /// A call was made to fail.
    Failed {
        path: String,
    },
}

/// Reads a log. A file that does not exist is an empty log.
pub(crate) fn read(path: &Path) -> Vec<Event> {
    let bytes = std::fs::read(path).unwrap_or_default();
    let mut rest = &bytes[..];
    let mut events = Vec::new();
    while !rest.is_empty() {
        let (head, tail) = rest.split_first_chunk::<56>().expect("a whole head");
        let mut numbers = head.chunks_exact(8).map(|eight| u64::from_ne_bytes(eight.try_into().unwrap()));
        let mut number = || numbers.next().unwrap();
        let (what, flag, inode, offset) = (number(), number() != 0, number(), number());
        let mut lengths = [number(), number(), number()].map(|length| usize::try_from(length).unwrap());
        rest = tail;
        let mut part = |which: usize| {
            let (part, tail) = rest.split_at(std::mem::take(&mut lengths[which]));
            rest = tail;
            part.to_vec()
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("our own paths");
        let (path, other, data) = (text(part(0)), text(part(1)), part(2));
        events.push(match what {
            1 => Event::Opened { path, inode, truncated: flag },
            2 => Event::Written { inode, offset, data, synced: flag },
            3 => Event::Sized { inode, size: offset, exact: flag },
            4 => Event::Synced { inode },
            5 => Event::Renamed { from: path, to: other },
            6 => Event::Folder { path, inode },
            7 => Event::Removed { path },
            8 => Event::Linked { from: path, to: other },
            9 => Event::Answered(data),
            10 => Event::Failed { path },
            what => panic!("{what} is no event"),
        });
    }
    events
}
