//! One thread that asks one sidecar after another call, and notes what it asked and was told.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use plugin_vault::vault::Timestamp;
use serde_json::{Value, json};

use crate::call::{Ask, Call, Content, Outcome, Time};
use crate::fencing::Held;
use crate::rig::{Answer, Random, Sidecar};

const LEASE_HELD: i64 = 3001;
const LEASE_LOST: i64 = 3002;
const BUSY: i64 = 5002;
/// The server of a shared store was asked, and has not answered.
const UNANSWERED: i64 = 5006;
const UNREACHABLE: i64 = 5007;

/// What a client asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Everything, of a store of one machine.
    Alone,
    /// Everything, of a store that machines share. About half of its reads are fresh.
    Sharing,
    /// The same, and seldom, so that its machine is often behind when it decides.
    Seldom,
    /// Reads that need not be fresh, so that nothing but time brings its machine to the server's head.
    Reader,
}

/// What all clients of a run share.
pub(crate) struct World {
    began: Instant,
    /// The wall clock then, which is the server's too.
    began_at: SystemTime,
    pub(crate) records: usize,
    last_number: AtomicU64,
}

impl World {
    pub(crate) fn new(records: usize) -> Self {
        let last_number = AtomicU64::new(0);
        Self { began: Instant::now(), began_at: SystemTime::now(), records, last_number }
    }

    /// The time of a timestamp of the server's.
    fn time_at(&self, timestamp: &Value) -> Time {
        let millis = Timestamp::parse(timestamp.as_str().unwrap()).unwrap().millis();
        let at = UNIX_EPOCH + Duration::from_millis(millis);
        at.duration_since(self.began_at).map_or(0, |time| u64::try_from(time.as_nanos()).unwrap())
    }

    pub(crate) fn time(&self, at: Instant) -> Time {
        u64::try_from(at.duration_since(self.began).as_nanos()).unwrap()
    }

    fn number(&self) -> u64 {
        self.last_number.fetch_add(1, Ordering::Relaxed) + 1
    }
}

pub(crate) struct Client<'w> {
    world: &'w World,
    role: Role,
    random: Random,
    /// The revision of each record that this client has heard of last.
    known: Vec<u64>,
    /// The token of the lease on each record, as long as no answer has said that it is over.
    held: Vec<Option<u64>>,
    pub(crate) calls: Vec<Call>,
    /// Reads that need not be fresh.
    pub(crate) plain: Vec<Call>,
    /// All leases that it was given.
    pub(crate) leases: Vec<Held>,
    /// How many processes sat in its seat before the one that it asks.
    pub(crate) turn: usize,
    /// The call whose answer never came; its end is when the process was gone.
    pub(crate) cut_off: Option<usize>,
}

impl<'w> Client<'w> {
    pub(crate) fn new(world: &'w World, role: Role, random: Random) -> Self {
        let (known, held) = (vec![0; world.records], vec![None; world.records]);
        let (calls, plain, leases) = (Vec::new(), Vec::new(), Vec::new());
        Self { world, role, random, known, held, calls, plain, leases, turn: 0, cut_off: None }
    }

    /// Asks something; `false` if the sidecar is gone.
    pub(crate) fn step(&mut self, sidecar: &Sidecar) -> bool {
        let record = self.random.below(self.world.records);
        if matches!(self.role, Role::Seldom | Role::Reader) {
            // Also so that those who write have the processors.
            std::thread::sleep(Duration::from_millis(10));
        }
        if self.role == Role::Reader || (self.role != Role::Alone && self.random.one_in(4)) {
            return self.read_plainly(sidecar, record);
        }
        let ask = match self.random.below(24) {
            20 | 21 => return self.acquire(sidecar, record),
            22 => return self.release(sidecar, record),
            23 => return self.renew(sidecar, record),
            0..=7 if self.role == Role::Seldom => return self.read_plainly(sidecar, record),
            0..=10 => Ask::Get,
            11..=14 => Ask::Set(self.world.number()),
            15..=17 => Ask::Patch(self.world.number()),
            _ => Ask::Delete,
        };
        let if_revision = (ask != Ask::Get && self.random.one_in(3)).then_some(self.known[record]);
        self.ask(sidecar, record, ask, if_revision)
    }

    /// Asks this; `false` if the sidecar is gone.
    pub(crate) fn ask(
        &mut self,
        sidecar: &Sidecar,
        record: usize,
        ask: Ask,
        if_revision: Option<u64>,
    ) -> bool {
        let (method, mut params) = match ask {
            Ask::Get => ("getPersistentRecord", json!({})),
            Ask::Set(number) => ("setPersistentData", json!({"data": {"set": number, "fill": fill(number)}})),
            Ask::Patch(number) => ("patchPersistentData", json!({"patch": {"patched": number}})),
            Ask::Delete => ("deletePersistentData", json!({})),
            Ask::Acquire => unreachable!("it has its own way"),
        };
        params["context"] = "user".into();
        params["name"] = format!("record {record}").into();
        if let Some(revision) = if_revision {
            params["ifRevision"] = revision.into();
        }
        let lease = self.held[record].filter(|_| ask != Ask::Get);
        if let Some(token) = lease {
            params["lease"] = token.into();
        }
        if ask == Ask::Get && self.role != Role::Alone {
            params["fresh"] = true.into();
        }
        let began = self.world.time(Instant::now());
        let answer = Sidecar::wait(&sidecar.begin(method, &params));
        let outcome = answer.as_ref().map_or(Outcome::Maybe, |(answer, _)| outcome(ask, answer));
        let ended = self.ended(answer.as_ref(), outcome);
        match outcome {
            Outcome::Found(revision, _) | Outcome::Conflict(revision) => self.known[record] = revision,
            Outcome::Written(revision) if ask != Ask::Delete => self.known[record] = revision,
            Outcome::Written(_) | Outcome::FoundNothing | Outcome::NothingToDelete => self.known[record] = 0,
            Outcome::NotDone | Outcome::Maybe => {}
        }
        if matches!(&answer, Some((Err(refused), _)) if refused.code == LEASE_LOST) {
            self.held[record] = None;
        }
        self.note(Call { record, ask, if_revision, lease, began, ended, outcome }, answer.is_some())
    }

    /// When a call can't be carried out any more. What has no outcome may still be on its way to the server.
    fn ended(&self, answer: Option<&(Answer, Instant)>, outcome: Outcome) -> Time {
        let at = answer.filter(|_| outcome != Outcome::Maybe).map(|(_, at)| self.world.time(*at));
        at.unwrap_or(Time::MAX)
    }

    /// Reads a record as the replica has it; `false` if the sidecar is gone.
    fn read_plainly(&mut self, sidecar: &Sidecar, record: usize) -> bool {
        let began = self.world.time(Instant::now());
        let params = json!({"context": "user", "name": format!("record {record}")});
        let answer = Sidecar::wait(&sidecar.begin("getPersistentRecord", &params));
        let Some((answer, at)) = answer else { return false };
        let (outcome, ended) = (outcome(Ask::Get, &answer), self.world.time(at));
        let (if_revision, lease) = (None, None);
        self.plain.push(Call { record, ask: Ask::Get, if_revision, lease, began, ended, outcome });
        true
    }

    /// Takes the lease on a record, for so short a time that it is often over before it is used.
    fn acquire(&mut self, sidecar: &Sidecar, record: usize) -> bool {
        let ttl = 100 + self.random.below(200) as u64;
        let began = self.world.time(Instant::now());
        let params = json!({"name": lease(record), "ttlMs": ttl});
        let answer = Sidecar::wait(&sidecar.begin("acquireLease", &params));
        let outcome = match &answer {
            Some((Ok(taken), _)) => Outcome::Written(taken["lease"].as_u64().unwrap()),
            Some((Err(refused), _)) if refused.code == UNANSWERED => Outcome::Maybe,
            Some((Err(refused), _)) => {
                let code = refused.code;
                assert!(
                    [LEASE_HELD, BUSY, UNREACHABLE].contains(&code),
                    "acquireLease was refused with {code}"
                );
                Outcome::NotDone
            }
            None => Outcome::Maybe,
        };
        let ended = self.ended(answer.as_ref(), outcome);
        let lease = self.world.records + record;
        if let (Outcome::Written(token), Some((Ok(taken), _))) = (outcome, &answer) {
            self.held[record] = Some(token);
            let held = Held::new(lease, token, (began, ended), ttl, self.turn);
            self.leases.push(match self.role {
                Role::Alone => held,
                _ => held.until(self.world.time_at(&taken["expiresAt"])),
            });
        }
        let (ask, if_revision, lease_of) = (Ask::Acquire, None, None);
        let call = Call { record: lease, ask, if_revision, lease: lease_of, began, ended, outcome };
        self.note(call, answer.is_some())
    }

    /// Gives the lease on a record up, and now and then uses its token all the same.
    fn release(&mut self, sidecar: &Sidecar, record: usize) -> bool {
        let Some(token) = self.held[record] else { return true };
        if !self.random.one_in(4) {
            self.held[record] = None;
        }
        let now = self.world.time(Instant::now());
        self.lease(token).give_up(now);
        let params = json!({"name": lease(record), "lease": token});
        Sidecar::wait(&sidecar.begin("releaseLease", &params)).is_some()
    }

    /// Keeps the lease on a record, if it is live still.
    fn renew(&mut self, sidecar: &Sidecar, record: usize) -> bool {
        let Some(token) = self.held[record] else { return true };
        let began = self.world.time(Instant::now());
        let params = json!({"name": lease(record), "lease": token});
        match Sidecar::wait(&sidecar.begin("renewLease", &params)) {
            Some((Ok(_), _)) if self.role == Role::Alone => self.lease(token).renew(began),
            Some((Ok(renewed), _)) => {
                let until = self.world.time_at(&renewed["expiresAt"]);
                self.lease(token).renew_until(until);
            }
            Some((Err(refused), _)) if refused.code == LEASE_LOST => self.held[record] = None,
            Some((Err(refused), _)) => {
                assert!(
                    [BUSY, UNREACHABLE, UNANSWERED].contains(&refused.code),
                    "renewLease: {}",
                    refused.code
                );
            }
            None => return false,
        }
        true
    }

    fn lease(&mut self, token: u64) -> &mut Held {
        self.leases.iter_mut().rfind(|held| held.token == token).expect("it was given")
    }

    /// Notes a call; `false` if it has no answer.
    fn note(&mut self, call: Call, is_answered: bool) -> bool {
        if !is_answered {
            self.cut_off = Some(self.calls.len());
        }
        self.calls.push(call);
        is_answered
    }
}

fn lease(record: usize) -> String {
    format!("lease {record}")
}

/// Something long for some numbers, so that a value that is torn is seen.
fn fill(number: u64) -> String {
    let length = [0, 50, 3000, 9000][usize::try_from(number % 4).unwrap()];
    format!("{number}-").repeat(length / 4)
}

fn outcome(ask: Ask, answer: &Answer) -> Outcome {
    match answer {
        Ok(result) => match ask {
            Ask::Get if result.is_null() => Outcome::FoundNothing,
            Ask::Get => Outcome::Found(result["revision"].as_u64().unwrap(), content(&result["data"])),
            Ask::Delete if result["deleted"] == false => {
                assert_eq!(result["revision"], 0);
                Outcome::NothingToDelete
            }
            _ => Outcome::Written(result["revision"].as_u64().unwrap()),
        },
        Err(refused) => match refused.code {
            2001 => Outcome::Conflict(refused.data["revision"].as_u64().unwrap()),
            // A process that was stopped held the lock for too long.
            BUSY | LEASE_LOST | UNREACHABLE => Outcome::NotDone,
            UNANSWERED => Outcome::Maybe,
            code => panic!("{ask:?} was refused with {code}: {}", refused.data),
        },
    }
}

fn content(data: &Value) -> Content {
    let content = Content { set: data["set"].as_u64(), patched: data["patched"].as_u64() };
    let filled = content.set.map(fill);
    assert_eq!(data["fill"].as_str(), filled.as_deref(), "a value is torn");
    let members = data.as_object().unwrap().len();
    assert_eq!(members, content.set.map_or(0, |_| 2) + usize::from(content.patched.is_some()), "{data}");
    content
}
