//! The methods, one file each. Only this table names them.

mod acquire_lease;
mod delete_persistent_data;
mod discover;
mod exit;
mod get_persistent_data;
mod get_persistent_record;
pub(super) mod initialize;
mod issue_api_key;
mod list_api_keys;
mod list_persistent_data;
mod lock;
mod move_persistent_data;
mod patch_persistent_data;
mod release_lease;
mod renew_lease;
mod revoke_api_key;
mod rotate_api_key;
mod set_api_key;
mod set_persistent_data;
mod share_api_key;
mod shutdown;
pub(super) mod status;
mod unlock;
mod unwatch_persistent_data;
mod watch_persistent_data;
pub(super) mod wire;
pub(super) mod workspace_folders;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;

pub use discover::CONTRACT;
use futures_util::FutureExt as _;
pub use initialize::PROTOCOL_VERSION;
use jsonrpsee::MethodResponse;
use jsonrpsee::core::server::{AsyncMethod, MethodCallback, Methods};
use serde::Serialize;
use serde_json::value::RawValue;

use crate::json;
use crate::limits;
use crate::session::{Pending, Session};
use crate::vault::{self, Caller, Context, Name, Place, Target};

use super::error::{Error, Rule, WrongParameter};
use super::params::Spec;
use super::values::Handle;

pub(super) const CANCEL: &str = "$/cancelRequest";
pub(super) const EXIT: &str = exit::SPEC.name;
pub(super) const WATCH: &str = watch_persistent_data::SPEC.name;

/// The parameter that names the folder of a record.
const FOLDER: &str = "workspaceFolder";

/// A method's result as JSON text, or its error.
type Outcome = Result<String, Error>;

macro_rules! methods {
    ($($file:ident),* $(,)?) => {
        /// The name of every method that can be called.
        pub const NAMES: &[&str] = &[$($file::SPEC.name),*];

        /// Every method, ready to be called for a connection.
        pub(super) fn all(session: &Arc<Session>) -> Methods {
            let mut methods = Methods::new();
            $(add(&mut methods, session, &$file::SPEC, $file::call);)*
            methods
        }

        /// The description of every method.
        #[cfg(feature = "schema")]
        pub(super) fn describe(
            generator: &mut schemars::SchemaGenerator,
        ) -> Vec<super::contract::Method> {
            vec![$($file::describe(generator)),*]
        }
    };
}

methods! {
    // The life cycle of a connection.
    initialize,
    shutdown,
    exit,
    // Keys.
    set_api_key,
    issue_api_key,
    share_api_key,
    list_api_keys,
    rotate_api_key,
    revoke_api_key,
    // Data.
    set_persistent_data,
    get_persistent_data,
    get_persistent_record,
    patch_persistent_data,
    delete_persistent_data,
    list_persistent_data,
    move_persistent_data,
    watch_persistent_data,
    unwatch_persistent_data,
    // Leases.
    acquire_lease,
    renew_lease,
    release_lease,
    // The store.
    status,
    lock,
    unlock,
    // The contract.
    discover,
}

/// A call on its way to a method, as an extension of `jsonrpsee`'s request.
#[derive(Clone)]
pub(super) struct Request {
    /// The request's id, its memory and its cancellation.
    pub(super) pending: Arc<Pending>,
    /// The parameters. They are not in `jsonrpsee`'s own place for them, because its errors would quote their values.
    pub(super) params: Option<Box<RawValue>>,
}

/// A result on its way from a method, as an extension of `jsonrpsee`'s response. As that response's own text, each
/// result would be copied twice more and parsed again, which doubles the time of a long one.
#[derive(Clone)]
pub(super) struct ResultText(pub(super) String);

/// One call: a request, and the connection that it came on.
struct Call {
    session: Arc<Session>,
    params: Option<Box<RawValue>>,
    pending: Arc<Pending>,
}

impl Call {
    /// The caller. A method asks for it after it has read all parameters, so that parameters are checked first.
    async fn caller(&self, handle: Option<Handle<'_>>) -> Result<Caller, Error> {
        Ok(self.session.caller(handle.as_ref().map(|handle| &*handle.0)).await?)
    }

    /// Before a read with `fresh`: asks the server of a shared store.
    async fn refresh(&self, fresh: Option<bool>) -> Result<(), Error> {
        if fresh == Some(true) {
            self.session.refresh(&self.pending).await?;
        }
        Ok(())
    }

    /// Refuses a method that would give a connection through a relay another key, end its key, or change what other
    /// connections can do. Called after all parameters are read.
    fn not_through_a_relay(&self) -> Result<(), Error> {
        match self.session.bound() {
            Some(_) => Err(vault::Error::NotPermitted(vault::Denied::Relay).into()),
            None => Ok(()),
        }
    }

    /// Returns a list, or an error if its answer would be longer than a message may be.
    fn fits(&self, list: String) -> Outcome {
        /// The most bytes that an answer has besides its result.
        const ENVELOPE: usize = limits::ID + 64;
        let limit = self.session.limits().message;
        if list.len() + ENVELOPE > limit {
            return Err(
                vault::Error::DataTooLarge { reason: vault::OverLimit::Answer, limit: limit as u64 }.into()
            );
        }
        Ok(list)
    }

    /// The record that the request means now, and its caller.
    async fn target(
        &self,
        context: Context,
        folder: Option<Place>,
        name: Option<Name>,
        handle: Option<Handle<'_>>,
    ) -> Result<Target, Error> {
        let place = match (context, folder) {
            (Context::User, None) => Place::User,
            (Context::User, Some(_)) => return Err(WrongParameter::named(FOLDER, Rule::NoFolder).into()),
            (Context::Workspace, Some(place)) => place,
            (Context::Workspace, None) => self.session.only_folder(),
        };
        Ok(Target { caller: self.caller(handle).await?, place, name })
    }
}

fn add<F: Future<Output = Outcome> + Send + 'static>(
    methods: &mut Methods,
    session: &Arc<Session>,
    spec: &'static Spec,
    call: fn(Call) -> F,
) {
    let session = session.clone();
    let callback: AsyncMethod<'static> = Arc::new(move |id, _, _, _, mut extensions| {
        let Request { pending, params } =
            extensions.remove::<Request>().expect("dispatch puts each request there");
        let call = call(Call { session: session.clone(), params, pending });
        let caught = AssertUnwindSafe(call).catch_unwind();
        let response = async move {
            match caught.await {
                Ok(Ok(text)) => {
                    let mut response = MethodResponse::notification();
                    response.extensions_mut().insert(ResultText(text));
                    response
                }
                Ok(Err(error)) => MethodResponse::error(id, error),
                Err(_) => MethodResponse::error(id, Error::from(vault::Error::Internal)),
            }
        };
        response.boxed()
    });
    let added = methods.verify_and_insert(spec.name, MethodCallback::Async(callback));
    added.expect("each method has a name of its own");
}

fn result<T: Serialize>(value: &T) -> Outcome {
    serde_json::to_string(value).map_err(|_| crate::vault::Error::Internal.into())
}

/// Handles a notification that the protocol defines. Returns `false` for any other notification.
pub(super) fn notify(session: &Session, method: &str, params: Option<&RawValue>) -> bool {
    match method {
        workspace_folders::NAME => workspace_folders::change(session, params),
        // `initialized`, `$/setTrace` and similar notifications need no action.
        "initialized" => {}
        _ => return method.starts_with("$/"),
    }
    true
}

/// The id in the parameters of `$/cancelRequest`.
pub(super) fn cancelled_id(params: Option<&RawValue>) -> Option<&RawValue> {
    json::members(params?)?.into_iter().find(|member| member.is("id")).map(|member| member.value)
}

/// Whether the parameters are an empty object or an empty array.
pub(super) fn is_empty(params: &RawValue) -> bool {
    json::members(params).is_some_and(|members| members.is_empty())
        || json::elements(params).is_some_and(|elements| elements.is_empty())
}
