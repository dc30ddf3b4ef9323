// The bytes of one connection, plain or through TLS. Private to this folder.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "server/network_private.hpp"
#include "server/tls_private.hpp"

namespace tailrace::server {

class Transport {
 public:
  explicit Transport(tcp::socket socket);

  bool is_encrypted() const { return tls_.has_value(); }
  int native_handle() { return socket_.native_handle(); }
  std::string peer_address() const { return peer_address_; }

  // From here on everything is encrypted. False: the handshake has failed.
  asio::awaitable<bool> start_tls(std::shared_ptr<TlsIdentity> identity);
  // What SCRAM can bind to; empty without TLS.
  std::string end_point() const { return identity_ ? identity_->end_point : ""; }
  // Waits for at least one byte; 0: the client is gone, or `interrupt` was called.
  asio::awaitable<std::size_t> read(std::span<char> into);
  // Waits until all is handed to the system; false: the client is gone.
  asio::awaitable<bool> write(std::string_view bytes);
  // Ends a `read` that waits.
  void interrupt();
  void close();
  // What the client still sends is thrown away, so that it can read our last words.
  void end_sending();

 private:
  tcp::socket socket_;
  std::shared_ptr<TlsIdentity> identity_;
  std::optional<asio::ssl::stream<tcp::socket&>> tls_;
  std::string peer_address_;
};

}  // namespace tailrace::server
