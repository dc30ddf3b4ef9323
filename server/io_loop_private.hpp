// A thread that serves sockets, and the connections it looks after. Private to this folder.
//
// A connection lives on one loop: everything of it but its blocking calls runs there, so it needs
// no locks. Ten times a second the loop looks after all of them, which is cheaper than a timer and
// a watch on each.
#pragma once

#include <chrono>
#include <thread>
#include <unordered_set>

#include "server/fatal_error.hpp"
#include "server/network_private.hpp"

namespace tailrace::server {

using Clock = std::chrono::steady_clock;

// Called on the loop's thread.
class WatchedConnection {
 public:
  virtual ~WatchedConnection() = default;
  // Looks at deadlines, and whether the client is still there.
  virtual void watch(Clock::time_point now) = 0;
  // Ends soon, telling the client why.
  virtual void stop(const SqlError& reason) = 0;
  // Ends now.
  virtual void close() = 0;
};

class IoLoop {
 public:
  IoLoop() = default;
  IoLoop(const IoLoop&) = delete;
  IoLoop& operator=(const IoLoop&) = delete;

  asio::io_context& context() { return context_; }
  void start();
  // On the loop's thread.
  void add(WatchedConnection& connection) { connections_.insert(&connection); }
  void remove(WatchedConnection& connection) { connections_.erase(&connection); }
  // From any thread.
  void stop_connections(SqlError reason);
  void close_connections();
  // Ends the thread; nothing of the loop runs afterwards.
  void end();

 private:
  asio::awaitable<void> watch();

  std::unordered_set<WatchedConnection*> connections_;
  // After the set: what is left of its coroutines goes with it, and takes connections out.
  asio::io_context context_{1};
  std::thread thread_;
};

// True if the peer has closed its side of the connection.
bool peer_has_closed(int socket);

}  // namespace tailrace::server
