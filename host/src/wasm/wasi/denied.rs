//! What guests do not get: UDP sockets and addresses of names. The stock ones say no as well, but need an async
//! runtime to say it.

use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::{
    p2::DynPollable,
    p2::{
        SocketError, SocketResult, UdpSocket,
        bindings::{
            sockets::{
                ip_name_lookup::{self, ResolveAddressStream},
                network::{self, ErrorCode, IpAddress, IpAddressFamily, Network},
            },
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

impl ip_name_lookup::Host for Denied<'_> {
    fn resolve_addresses(
        &mut self,
        _: Resource<Network>,
        _: String,
    ) -> SocketResult<Resource<ResolveAddressStream>> {
        Err(ErrorCode::AccessDenied.into())
    }
}

/// Nobody has such a stream, for it is not handed out; the stock functions say so.
impl ip_name_lookup::HostResolveAddressStream for Denied<'_> {
    fn resolve_next_address(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> SocketResult<Option<IpAddress>> {
        ip_name_lookup::HostResolveAddressStream::resolve_next_address(&mut self.0, stream)
    }

    fn subscribe(
        &mut self,
        stream: Resource<ResolveAddressStream>,
    ) -> wasmtime::Result<Resource<DynPollable>> {
        ip_name_lookup::HostResolveAddressStream::subscribe(&mut self.0, stream)
    }

    fn drop(&mut self, stream: Resource<ResolveAddressStream>) -> wasmtime::Result<()> {
        ip_name_lookup::HostResolveAddressStream::drop(&mut self.0, stream)
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
    fn drop(&mut self, network: Resource<Network>) -> wasmtime::Result<()> {
        network::HostNetwork::drop(&mut self.0, network)
    }
}
