// The replication session: START_REPLICATION, what comes in, and what is confirmed.
//
// Nothing is ever waited for in here but by `wait`. Not for several threads. A thread of its own tells the server that
// we live while the one that reads is busy with something large: else the server would end the stream.
#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <variant>

#include "replication/postgres/connection.hpp"
#include "replication/postgres/lsn.hpp"
#include "replication/postgres/read_pacing.hpp"

namespace tailrace::replication {

struct StreamOptions {
  std::string slot;
  std::string publication;
  Lsn start = 0;
  bool binary = false;  // values in binary where upstream can (14 and later)
};

class ReplicationStream {
 public:
  ReplicationStream(std::unique_ptr<Connection> connection, const StreamOptions& options);

  struct Data {
    std::string_view message;  // of pgoutput; valid until the next `read`
  };
  struct Keepalive {
    Lsn sent_up_to = 0;  // every transaction that committed below it has been sent
  };
  struct Nothing {};
  using Event = std::variant<Nothing, Data, Keepalive>;
  // Throws UpstreamError; the server's end of the stream is one ("connection closed").
  Event read();
  // What was read last is gone then: a large message need not stand beside what is made of it.
  void release_message();

  // Waits for more, at most this long, or until `extra_fd` is readable. Where more is sure to come it naps first
  // (read_pacing.hpp); until that is over `read` finds nothing.
  void wait(std::chrono::microseconds timeout, int extra_fd);
  // When upstream committed what was read last, in its own microseconds since 2000-01-01.
  void note_commit_time(std::int64_t committed_at) { pacing_.transaction_committed(committed_at); }
  bool is_behind() const { return pacing_.is_behind(); }
  // Waits for `extra_fd` alone.
  void wait_for(std::chrono::microseconds timeout, int extra_fd);

  int backend_pid() const { return connection_->backend_pid(); }
  // How long nothing has come although we listened.
  std::chrono::steady_clock::duration silence() const {
    return std::chrono::steady_clock::now() - last_heard_;
  }

  // Tells the server what is durable here, when it asked or a second has passed.
  void confirm(Lsn durable);
  std::chrono::microseconds until_confirm() const;

 private:
  void send_status_locked(Lsn durable, bool asks);
  void keep_alive(std::stop_token stop);

  // What is sent and what is taken from the connection's buffers goes under it; waiting does not.
  mutable std::mutex mutex_;
  std::unique_ptr<Connection> connection_;
  bool reply_requested_ = false;
  Lsn confirmed_ = 0;
  std::chrono::steady_clock::time_point last_status_;
  std::chrono::steady_clock::time_point last_heard_;
  ReadPacing pacing_;
  std::optional<std::chrono::steady_clock::time_point> nap_until_;

  std::condition_variable_any stopped_;
  std::jthread keeper_;  // last: it ends first
};

}  // namespace tailrace::replication
