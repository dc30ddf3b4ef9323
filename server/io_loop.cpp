#include <poll.h>

#include <vector>

#include "server/io_loop_private.hpp"
#include "server/log.hpp"

namespace tailrace::server {

namespace {

constexpr std::chrono::milliseconds watch_interval{100};

}  // namespace

void IoLoop::start() {
  asio::co_spawn(context_, watch(), asio::detached);
  thread_ = std::thread([this] { context_.run(); });
}

asio::awaitable<void> IoLoop::watch() {
  asio::steady_timer timer(context_);
  for (;;) {
    timer.expires_after(watch_interval);
    co_await timer.async_wait(no_throw);
    const Clock::time_point now = Clock::now();
    for (WatchedConnection* connection : connections_) connection->watch(now);
  }
}

void IoLoop::stop_connections(SqlError reason) {
  asio::post(context_, [this, reason = std::move(reason)] {
    for (WatchedConnection* connection : connections_) connection->stop(reason);
  });
}

void IoLoop::close_connections() {
  asio::post(context_, [this] {
    for (WatchedConnection* connection : connections_) connection->close();
  });
}

void IoLoop::end() {
  context_.stop();
  if (thread_.joinable()) thread_.join();
}

bool peer_has_closed(int socket) {
  pollfd waiting{.fd = socket, .events = POLLRDHUP, .revents = 0};
  return poll(&waiting, 1, 0) > 0 && (waiting.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0;
}

}  // namespace tailrace::server
