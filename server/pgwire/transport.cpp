#include <boost/asio/write.hpp>

#include "server/pgwire/transport_private.hpp"

namespace tailrace::server {

Transport::Transport(tcp::socket socket) : socket_(std::move(socket)) {
  error_code ignored;
  socket_.set_option(tcp::no_delay(true), ignored);
  socket_.set_option(asio::socket_base::keep_alive(true), ignored);
  socket_.non_blocking(true, ignored);
  const tcp::endpoint peer = socket_.remote_endpoint(ignored);
  if (!ignored) peer_address_ = peer.address().to_string();
}

asio::awaitable<bool> Transport::start_tls(std::shared_ptr<TlsIdentity> identity) {
  identity_ = std::move(identity);
  tls_.emplace(socket_, identity_->context);
  const auto [error] = co_await tls_->async_handshake(asio::ssl::stream_base::server, no_throw);
  co_return !error;
}

asio::awaitable<std::size_t> Transport::read(std::span<char> into) {
  const asio::mutable_buffer buffer(into.data(), into.size());
  if (tls_) {
    const auto [error, size] = co_await tls_->async_read_some(buffer, no_throw);
    co_return error ? 0 : size;
  }
  const auto [error, size] = co_await socket_.async_read_some(buffer, no_throw);
  co_return error ? 0 : size;
}

asio::awaitable<bool> Transport::write(std::string_view bytes) {
  if (tls_) {
    const auto [error, size] =
        co_await asio::async_write(*tls_, asio::const_buffer(bytes.data(), bytes.size()), no_throw);
    co_return !error;
  }
  // Most answers fit into the socket's buffer: no need to go through the scheduler for them.
  error_code error;
  const std::size_t sent = socket_.send(asio::const_buffer(bytes.data(), bytes.size()), 0, error);
  if (!error && sent == bytes.size()) co_return true;
  if (error && error != asio::error::would_block && error != asio::error::try_again) {
    co_return false;
  }
  bytes.remove_prefix(error ? 0 : sent);
  const auto [rest_error, size] =
      co_await asio::async_write(socket_, asio::const_buffer(bytes.data(), bytes.size()), no_throw);
  co_return !rest_error;
}

void Transport::interrupt() {
  error_code ignored;
  socket_.cancel(ignored);
}

void Transport::close() {
  error_code ignored;
  socket_.close(ignored);
}

void Transport::end_sending() {
  error_code ignored;
  socket_.shutdown(tcp::socket::shutdown_send, ignored);
  // Closing with unread input would make the system discard what we have just sent.
  char discarded[4096];
  while (socket_.read_some(asio::buffer(discarded), ignored) > 0 && !ignored) {
  }
}

}  // namespace tailrace::server
