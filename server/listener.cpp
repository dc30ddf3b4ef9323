#include <fmt/format.h>

#include "repr/error.hpp"
#include "server/listener_private.hpp"
#include "server/log.hpp"

namespace tailrace::server {

namespace {

SqlError cannot_listen(const ListenAddress& address, const error_code& error) {
  return SqlError(sqlstate::io_error,
                  fmt::format("cannot listen on {}: {}", address.text(), error.message()));
}

}  // namespace

Listener::Listener(std::span<const std::unique_ptr<IoLoop>> loops, const ListenAddress& address)
    : loops_(loops), address_(address), acceptor_(loops.front()->context()) {
  const tcp::endpoint endpoint(asio::ip::make_address(address.host), address.port);
  error_code error;
  acceptor_.open(endpoint.protocol(), error);
  if (!error) acceptor_.set_option(tcp::acceptor::reuse_address(true), error);
  if (!error) acceptor_.bind(endpoint, error);
  if (error) throw cannot_listen(address, error);
  address_.port = acceptor_.local_endpoint().port();
}

void Listener::start(Accept accept) {
  error_code error;
  acceptor_.listen(asio::socket_base::max_listen_connections, error);
  if (error) throw cannot_listen(address_, error);
  asio::co_spawn(loops_.front()->context(), run(std::move(accept)), asio::detached);
}

void Listener::close() {
  error_code ignored;
  acceptor_.close(ignored);
}

ListenAddress Listener::address() const {
  return address_;
}

asio::awaitable<void> Listener::run(Accept accept) {
  for (std::size_t turn = 0; acceptor_.is_open(); ++turn) {
    IoLoop& loop = *loops_[turn % loops_.size()];
    auto [error, socket] = co_await acceptor_.async_accept(loop.context(), no_throw);
    if (error == asio::error::operation_aborted) co_return;
    if (error) {
      // Mostly: no more file descriptors. Others must close some first.
      log("warn", fmt::format("cannot accept on {}: {}", address_.text(), error.message()));
      asio::steady_timer pause(acceptor_.get_executor(), std::chrono::milliseconds(100));
      co_await pause.async_wait(no_throw);
      continue;
    }
    auto shared = std::make_shared<tcp::socket>(std::move(socket));
    asio::post(loop.context(), [&loop, accept, shared] { accept(loop, std::move(*shared)); });
  }
}

}  // namespace tailrace::server
