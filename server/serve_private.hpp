// One client, from its first byte to its last, in each of our protocols. Private to this folder.
#pragma once

#include "server/io_loop_private.hpp"
#include "server/services_private.hpp"

namespace tailrace::server {

enum class ListenerKind : std::uint8_t { client, internal };

asio::awaitable<void> serve_pgwire(Services& services, IoLoop& loop, tcp::socket socket,
                                   ListenerKind kind);
// With keep-alive.
asio::awaitable<void> serve_http(Services& services, IoLoop& loop, tcp::socket socket);

}  // namespace tailrace::server
