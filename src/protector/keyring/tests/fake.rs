//! Tests with services and buses that do what real ones rarely do: hang, ask, refuse.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use zbus::blocking::{Connection, MessageIterator};
use zbus::message::{Message, Type};
use zbus::zvariant::{ObjectPath, Value};

use super::LONG;
use super::bus::{Bus, on_a_bus};
use crate::crypto::StoreId;
use crate::protector::keyring::{delete, make, read};
use crate::protector::{Deadline, Reason};

const SOON: Duration = Duration::from_millis(300);

/// How the service behaves.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Manner {
    /// It never answers.
    Silent,
    /// The user confirms the prompt.
    Grants,
    /// The user dismisses the prompt.
    Dismisses,
    /// The user does not answer the prompt.
    Ignores,
    /// It is unlocked, and asks before it creates or deletes an item.
    AsksForChanges,
}

/// The calls on the prompt.
#[derive(PartialEq, Eq, Debug)]
enum Event {
    Shown,
    TakenAway,
}

/// A locked keyring with one item, whose secret is 64 times the digit 1.
fn service(manner: Manner) -> Receiver<Event> {
    let bus = Connection::session().unwrap();
    let messages = MessageIterator::from(&bus);
    bus.request_name("org.freedesktop.secrets").unwrap();
    let (happened, events) = channel();
    thread::spawn(move || {
        let mut locked = manner != Manner::AsksForChanges;
        for message in messages.map_while(Result::ok) {
            if manner != Manner::Silent && message.message_type() == Type::MethodCall {
                answer(&bus, &message, manner, &mut locked, &happened);
            }
        }
    });
    events
}

fn answer(bus: &Connection, message: &Message, manner: Manner, locked: &mut bool, happened: &Sender<Event>) {
    let path = |path: &'static str| ObjectPath::from_static_str(path).unwrap();
    let none: Vec<ObjectPath<'static>> = Vec::new();
    let (header, nothing) = (message.header(), Value::from(""));
    let completed = |dismissed: bool| {
        let body = (dismissed, &nothing);
        bus.emit_signal(None::<&str>, "/prompt", "org.freedesktop.Secret.Prompt", "Completed", &body)
            .unwrap();
    };
    match header.member().unwrap().as_str() {
        "ReadAlias" => bus.reply(&header, &path("/collection")),
        "Get" => bus.reply(&header, &Value::from(*locked)),
        // As a service that does not show locked items.
        "SearchItems" if *locked => bus.reply(&header, &(&none, &none)),
        "SearchItems" => bus.reply(&header, &(vec![path("/item")], &none)),
        "OpenSession" => bus.reply(&header, &(&nothing, path("/session"))),
        "GetSecret" => {
            bus.reply(&header, &((path("/session"), [0_u8; 0].as_slice(), [b'1'; 64].as_slice(), ""),))
        }
        "Unlock" => bus.reply(&header, &(&none, path("/prompt"))),
        "Delete" => bus.reply(&header, &path("/prompt")),
        "Prompt" => {
            happened.send(Event::Shown).unwrap();
            bus.reply(&header, &()).unwrap();
            if manner != Manner::Ignores {
                *locked = manner == Manner::Dismisses;
                completed(*locked);
            }
            return;
        }
        "Dismiss" => {
            happened.send(Event::TakenAway).unwrap();
            return completed(true);
        }
        other => panic!("{other}"),
    }
    .unwrap();
}

fn store() -> StoreId {
    StoreId::generate()
}

fn check_read(ask: bool, deadline: Duration, expected: Reason) {
    assert_eq!(read(store(), [7; 16], ask, &Deadline::of(deadline)).err(), Some(expected));
}

#[test]
fn a_prompt_that_is_granted_gives_the_key() {
    on_a_bus(&Bus::Empty, "fake::a_prompt_that_is_granted_gives_the_key", || {
        let events = service(Manner::Grants);
        let key = read(store(), [7; 16], true, &Deadline::of(LONG)).unwrap();
        assert!(*key.expose() == [0x11; 32]);
        assert_eq!(events.try_recv(), Ok(Event::Shown));
    });
}

#[test]
fn the_user_is_not_asked_without_ask() {
    on_a_bus(&Bus::Empty, "fake::the_user_is_not_asked_without_ask", || {
        let events = service(Manner::Grants);
        check_read(false, LONG, Reason::Locked);
        assert_eq!(make(store(), [7; 16], &Deadline::of(LONG)).err(), Some(Reason::Locked));
        assert_eq!(delete(store(), [7; 16], &Deadline::of(LONG)).err(), Some(Reason::Locked));
        assert!(events.try_recv().is_err());
    });
}

#[test]
fn a_prompt_for_a_deletion_is_not_shown() {
    on_a_bus(&Bus::Empty, "fake::a_prompt_for_a_deletion_is_not_shown", || {
        let events = service(Manner::AsksForChanges);
        assert_eq!(delete(store(), [7; 16], &Deadline::of(LONG)).err(), Some(Reason::Denied));
        assert!(events.try_recv().is_err());
    });
}

#[test]
fn a_prompt_that_is_dismissed_is_denied() {
    on_a_bus(&Bus::Empty, "fake::a_prompt_that_is_dismissed_is_denied", || {
        let events = service(Manner::Dismisses);
        check_read(true, LONG, Reason::Denied);
        assert_eq!(events.try_recv(), Ok(Event::Shown));
    });
}

#[test]
fn a_prompt_without_an_answer_is_closed_at_the_deadline() {
    on_a_bus(&Bus::Empty, "fake::a_prompt_without_an_answer_is_closed_at_the_deadline", || {
        let events = service(Manner::Ignores);
        let start = Instant::now();
        check_read(true, SOON, Reason::Deadline);
        assert!(start.elapsed() < LONG / 4);
        assert_eq!(events.recv_timeout(LONG), Ok(Event::Shown));
        assert_eq!(events.recv_timeout(LONG), Ok(Event::TakenAway));
    });
}

#[test]
fn a_prompt_is_closed_as_soon_as_the_deadline_is_ended() {
    on_a_bus(&Bus::Empty, "fake::a_prompt_is_closed_as_soon_as_the_deadline_is_ended", || {
        let events = service(Manner::Ignores);
        let start = Instant::now();
        let deadline = Deadline::of(LONG);
        let waits = deadline.clone();
        let waiting = thread::spawn(move || read(store(), [7; 16], true, &waits).err());
        assert_eq!(events.recv_timeout(LONG), Ok(Event::Shown));
        deadline.end();
        assert_eq!(waiting.join().unwrap(), Some(Reason::Deadline));
        assert_eq!(events.recv_timeout(LONG), Ok(Event::TakenAway));
        assert!(start.elapsed() < LONG / 4);
    });
}

#[test]
fn a_service_that_never_answers_fails_at_the_deadline() {
    on_a_bus(&Bus::Empty, "fake::a_service_that_never_answers_fails_at_the_deadline", || {
        let _events = service(Manner::Silent);
        let start = Instant::now();
        check_read(false, SOON, Reason::Deadline);
        check_read(true, SOON, Reason::Deadline);
        assert_eq!(make(store(), [7; 16], &Deadline::of(SOON)).err(), Some(Reason::Deadline));
        assert_eq!(delete(store(), [7; 16], &Deadline::of(SOON)).err(), Some(Reason::Deadline));
        assert!(start.elapsed() >= SOON * 4 && start.elapsed() < LONG / 4);
    });
}

#[test]
fn a_bus_that_never_answers_does_not_collect_threads() {
    on_a_bus(&Bus::Hangs, "fake::a_bus_that_never_answers_does_not_collect_threads", || {
        for _ in 0..8 {
            check_read(false, SOON, Reason::Deadline);
        }
        // The most threads that may be left behind are: the next call does not start one.
        let start = Instant::now();
        check_read(false, LONG, Reason::Deadline);
        assert!(start.elapsed() < LONG / 4);
    });
}

#[test]
fn no_service_on_the_bus_is_denied() {
    on_a_bus(&Bus::Empty, "fake::no_service_on_the_bus_is_denied", || {
        check_read(false, LONG, Reason::Denied);
        check_read(true, LONG, Reason::Denied);
        assert_eq!(make(store(), [7; 16], &Deadline::of(LONG)).err(), Some(Reason::Denied));
    });
}

#[test]
fn no_bus_is_denied() {
    on_a_bus(&Bus::None, "fake::no_bus_is_denied", || {
        check_read(false, LONG, Reason::Denied);
        check_read(true, LONG, Reason::Denied);
    });
}
