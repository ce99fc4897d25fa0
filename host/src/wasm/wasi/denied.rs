//! `wasi:sockets/udp-create-socket`: says no. The stock one says no as well, but needs an async
//! runtime to say it.

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::{
    p2::{
        SocketError, SocketResult, UdpSocket,
        bindings::{
            sockets::network::{self, ErrorCode, IpAddressFamily},
            sync::sockets::udp_create_socket,
        },
    },
    sockets::{WasiSocketsCtxView, WasiSocketsView},
};

use super::Sandbox;

/// A guest's view of what it does not get.
pub(super) struct Denied<'a>(WasiSocketsCtxView<'a>);

impl HasData for Denied<'static> {
    type Data<'a> = Denied<'a>;
}

impl<'a> Denied<'a> {
    pub(super) fn of(sandbox: &'a mut Sandbox) -> Self {
        Self(sandbox.sockets())
    }
}

impl udp_create_socket::Host for Denied<'_> {
    fn create_udp_socket(&mut self, _: IpAddressFamily) -> SocketResult<Resource<UdpSocket>> {
        Err(ErrorCode::AccessDenied.into())
    }
}

impl network::Host for Denied<'_> {
    fn convert_error_code(&mut self, error: SocketError) -> wasmtime::Result<ErrorCode> {
        network::Host::convert_error_code(&mut self.0, error)
    }

    fn network_error_code(
        &mut self,
        error: Resource<wasmtime::Error>,
    ) -> wasmtime::Result<Option<ErrorCode>> {
        network::Host::network_error_code(&mut self.0, error)
    }
}

impl network::HostNetwork for Denied<'_> {
    fn drop(&mut self, network: Resource<network::Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.0, network)
    }
}
