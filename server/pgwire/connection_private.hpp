// One client of the PostgreSQL protocol, from its first byte to its last. Private to this folder.
//
// A linear coroutine: start up, then converse. It runs on its loop; what may block runs on a worker
// while the coroutine waits.
#pragma once

#include <memory>

#include "server/pgwire/input.hpp"
#include "server/pgwire/protocol.hpp"
#include "server/pgwire/startup_packet.hpp"
#include "server/pgwire/transport_private.hpp"
#include "server/serve_private.hpp"

namespace tailrace::server {

class Connection final : public WatchedConnection {
 public:
  Connection(Services& services, IoLoop& loop, tcp::socket socket, ListenerKind kind);
  ~Connection() override;

  // Serves the client to the end.
  asio::awaitable<void> serve();

  void watch(Clock::time_point now) override;
  void stop(const SqlError& reason) override;
  void close() override { transport_.close(); }

 private:
  asio::awaitable<void> run();

  // startup.cpp. False: there is nothing more to do.
  asio::awaitable<bool> start_up();
  asio::awaitable<std::optional<StartupMessage>> read_startup_message();
  void reject_other_protocols() const;
  asio::awaitable<void> authenticate(const StartupMessage& message);
  // Of who has failed before: log-ins are looked at one after the other.
  asio::awaitable<void> wait_for_turn();
  asio::awaitable<void> check_password(const std::string& user, const std::string& verifier);
  asio::awaitable<std::string> read_password_message();
  asio::awaitable<void> open_session(const StartupMessage& message);

  asio::awaitable<void> converse();
  // Waits for input; throws FatalError if the connection is to stop. False: the client is gone.
  asio::awaitable<bool> read();
  // False: the client is gone.
  asio::awaitable<bool> flush();
  asio::awaitable<void> end_session();
  // What the statement that runs has to say before its end; one message after the other.
  void tell_news();
  asio::awaitable<void> tell(std::string news);
  asio::awaitable<void> end_telling();

  Services& services_;
  IoLoop& loop_;
  Transport transport_;
  const ListenerKind kind_;
  const ConnectionCount count_;
  Input input_;
  std::string output_;
  SessionRegistry::Key key_;
  std::shared_ptr<StoppableSession> session_;
  std::unique_ptr<Protocol> protocol_;

  // For `watch` and `stop`, which run between the steps of the coroutine.
  bool is_reading_ = false;
  bool is_running_ = false;  // a statement, on a worker
  bool is_telling_ = false;
  asio::steady_timer told_;  // cancelled when that has ended
  Clock::time_point deadline_ = Clock::time_point::max();
  std::optional<SqlError> stop_reason_;
};

}  // namespace tailrace::server
