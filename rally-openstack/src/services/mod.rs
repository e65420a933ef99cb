//! The services of a cloud, as scenarios use them. Each method of a service is an action, by the name that Rally gives it.
//!
//! A method sends what the cloud needs and nothing more, waits until the operation is done, and notes what it creates
//! in the journal. Answers become small structs with what scenarios read.

pub(crate) mod glance;
pub(crate) mod keystone;
pub(crate) mod neutron;
pub mod nova;

use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::client::{Call, CloudError, Endpoint};

pub use self::glance::{Glance, Image};
pub use self::keystone::{Keystone, Password, Project, Role, User, UserCreate};
pub use self::neutron::{Network, Neutron, SecurityGroup};
pub use self::nova::Nova;

/// One resource out of the answer to this call.
pub(crate) async fn one<T: DeserializeOwned>(call: Call, member: &str) -> Result<T, CloudError> {
    let answer = call.answer().await?;
    serde_json::from_value(answer.member(member)?).map_err(|error| answer.bad_body(error))
}

/// All resources that a route lists, page by page, in any of the shapes that the caller reads them.
pub(crate) async fn all<T: DeserializeOwned>(
    api: &Endpoint,
    route: &'static str,
    query: &[(&str, &str)],
    member: &str,
) -> Result<Vec<T>, CloudError> {
    let call = query.iter().fold(api.get(route, &[]), |call, (name, value)| call.query(name, value));
    call.list(member).await?.into_iter().map(|item| read(api, route, item)).collect()
}

/// A resource out of an answer that was read before.
pub(crate) fn read<T: DeserializeOwned>(
    api: &Endpoint,
    route: &'static str,
    value: Value,
) -> Result<T, CloudError> {
    serde_json::from_value(value).map_err(|error| CloudError::BadBody {
        service: api.service().to_owned().into(),
        method: "GET".into(),
        route: route.into(),
        reason: error.to_string(),
    })
}

/// Turns the absence of what was to be deleted into success.
pub(crate) fn absent_is_fine(result: Result<(), CloudError>) -> Result<(), CloudError> {
    match result {
        Err(error) if error.is_not_found() => Ok(()),
        other => other,
    }
}

/// Whether what the call shows is there.
pub(crate) async fn exists(call: Call) -> Result<bool, CloudError> {
    match call.done().await {
        Ok(()) => Ok(true),
        Err(error) if error.is_not_found() => Ok(false),
        Err(error) => Err(error),
    }
}
