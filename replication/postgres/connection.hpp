// One session with an upstream PostgreSQL server.
//
// Never blocks beyond its deadline or a cancellation: the socket is non-blocking and every wait
// polls it beside the cancel token. All settings that shape text output are fixed at startup, whatever
// the role or the database say. Not for several threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "replication/postgres/config.hpp"
#include "replication/upstream_error.hpp"
#include "repr/cancel.hpp"

namespace tailrace::replication::ssh {
class LocalEnd;
}

struct pg_conn;
struct pg_result;

namespace tailrace::replication {

// Rows of a finished query, in text.
class QueryResult {
 public:
  explicit QueryResult(pg_result* result);
  std::size_t rows() const;
  bool is_null(std::size_t row, int column) const;
  std::string_view text(std::size_t row, int column) const;
  std::string string(std::size_t row, int column) const { return std::string(text(row, column)); }
  bool boolean(std::size_t row, int column) const { return text(row, column) == "t"; }
  std::int64_t integer(std::size_t row, int column) const;  // throws 08P01

 private:
  std::shared_ptr<pg_result> result_;
};

struct SessionOptions {
  std::string purpose;       // after the application name, for pg_stat_activity
  bool replication = false;  // replication=database
};

class Connection {
 public:
  // Throws UpstreamError, or what `cancel` says. `cancel` must outlive the connection.
  static std::unique_ptr<Connection> open(const ConnectionConfig& config,
                                          const SessionOptions& options, CancelToken& cancel);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  std::uint32_t server_version() const;  // as server_version_num
  int backend_pid() const;               // of the upstream process that serves us

  // From now on a query that the server is silent about for so long fails as a lost connection:
  // where nothing can take long, silence is a peer that vanished. 0: wait for ever.
  void set_answer_timeout(std::chrono::seconds timeout) { answer_timeout_ = timeout; }

  QueryResult query(const std::string& sql);
  // $1 to $9 in our own text stand for literals of the parameters.
  QueryResult query(const std::string& sql, std::span<const std::string> parameters);

  // COPY ... TO STDOUT, START_REPLICATION: then `read` until it says `end`.
  void start_copy(const std::string& sql);
  enum class Read : std::uint8_t { message, nothing_yet, end };
  // The next CopyData message, valid until the next call. Does not wait. An error of the server
  // throws.
  Read read(std::string_view& message);
  // Frees the last message before the next one is asked for.
  void release_message();
  // A CopyData message to the server (START_REPLICATION only).
  void send(std::string_view message);

  // Waits for something to read, at most this long; false: nothing came. Throws what `cancel` says.
  // `extra_fd`
  // (-1: none): also returns, true, when that descriptor is readable.
  bool wait(std::chrono::microseconds timeout, int extra_fd = -1);
  // Waits for that descriptor alone, whatever the server sends.
  void wait_for(std::chrono::microseconds timeout, int extra_fd);
  // Bytes that must have arrived before `wait` wakes (or its timeout): fewer, larger reads of a
  // COPY.
  void set_receive_low_water(int bytes);
  // Keeps the receive window from growing, so that a sender on this machine gathers what we do not read. False, and
  // nothing changed, where the peer is not on this machine: there the window bounds the rate.
  bool hold_back_sender();

 private:
  using Deadline = std::chrono::steady_clock::time_point;
  class Attempt;

  explicit Connection(CancelToken& cancel);
  static std::unique_ptr<Connection> open_direct(const ConnectionConfig& config,
                                                 const SessionOptions& options, Deadline deadline,
                                                 CancelToken& cancel);
  void close_secret_files();
  void settle(const ConnectionConfig& config);
  bool poll(short events, std::chrono::microseconds timeout, int extra_fd);
  void flush();
  pg_result* next_result();
  QueryResult collect();
  [[noreturn]] void raise_connection(std::string text);
  [[noreturn]] void raise_result(const pg_result* result);

  struct Wake;
  pg_conn* connection_ = nullptr;
  CancelToken* cancel_ = nullptr;
  std::unique_ptr<Wake> wake_;
  std::chrono::seconds answer_timeout_{0};
  std::vector<int> secret_files_;
  std::unique_ptr<ssh::LocalEnd> tunnel_;  // null: none
  char* message_ = nullptr;
};

std::string quote_identifier(std::string_view name);  // always in double quotes
std::string quote_identifier_if_needed(std::string_view name);
std::string quote_literal(std::string_view text);

}  // namespace tailrace::replication
