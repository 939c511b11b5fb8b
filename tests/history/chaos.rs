//! What happens to the processes meanwhile: killed, stopped for a while, killed while they are stopped.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::crowd::Seats;
use crate::rig::Random;

/// What was done.
#[derive(Debug, Default)]
pub(crate) struct Done {
    pub(crate) kills: usize,
    pub(crate) stops: usize,
}

/// Goes on until the deadline; every process runs again then.
pub(crate) fn rage(seats: &Seats, random: &mut Random, until: Instant) -> Done {
    let mut done = Done::default();
    let pause = |random: &mut Random, millis: usize| {
        let time = Duration::from_millis(1 + random.below(millis) as u64);
        std::thread::sleep(time.min(until.saturating_duration_since(Instant::now())));
    };
    while Instant::now() < until {
        pause(random, 150);
        let seat = random.below(seats.len());
        match random.below(10) {
            0..=5 => seats.replace(seat),
            6..=8 => {
                let sidecar = seats.sidecar(seat).0;
                sidecar.signal(Signal::STOP);
                let most = if random.one_in(4) { 2000 } else { 200 };
                pause(random, most);
                sidecar.signal(Signal::CONT);
                done.stops += 1;
                continue;
            }
            _ => {
                seats.sidecar(seat).0.signal(Signal::STOP);
                pause(random, 300);
                seats.replace(seat);
                done.stops += 1;
            }
        }
        done.kills += 1;
    }
    done
}
