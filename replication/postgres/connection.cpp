#include "replication/postgres/connection.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string.h>  // explicit_bzero
#include <cerrno>
#include <charconv>
#include <cstring>

#include "replication/aws/database_token.hpp"
#include "replication/postgres/connection_settings.hpp"
#include "replication/postgres/event_fd.hpp"
#include "replication/postgres/tls_witness.hpp"
#include "replication/ssh/tunnel.hpp"

namespace tailrace::replication {

using std::chrono::microseconds;
using std::chrono::steady_clock;

namespace {

// Between two looks at what else may need doing; every wait is cut into pieces of at most this.
constexpr microseconds wait_piece_max = std::chrono::seconds(60);

// Segments above it do not leave a machine: loopback has 65483.
constexpr std::uint32_t loopback_segment_bytes = 32'000;
// No less than the window that loopback begins with: a window that shrinks below segments already made stalls them.
constexpr int held_back_window_bytes = 64 << 10;

std::string trimmed(std::string text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  return text;
}

// With what is only known at the time of connecting.
ConnectionConfig settled(ConnectionConfig config, CancelToken& cancel) {
  if (config.aws_login) {
    config.password = config.aws_login->make_token(
        {.host = config.host, .port = config.port, .name = config.user}, cancel);
  }
  return config;
}

}  // namespace

// Wakes poll(2) when the token is cancelled.
struct Connection::Wake {
  explicit Wake(CancelToken& cancel) : registration(cancel, [this] { event.notify(); }) {}

  EventFd event;
  CancelToken::Registration registration;
};

QueryResult::QueryResult(pg_result* result) : result_(result, PQclear) {}

std::size_t QueryResult::rows() const {
  return static_cast<std::size_t>(PQntuples(result_.get()));
}

bool QueryResult::is_null(std::size_t row, int column) const {
  return PQgetisnull(result_.get(), static_cast<int>(row), column) != 0;
}

std::string_view QueryResult::text(std::size_t row, int column) const {
  return {PQgetvalue(result_.get(), static_cast<int>(row), column),
          static_cast<std::size_t>(PQgetlength(result_.get(), static_cast<int>(row), column))};
}

std::int64_t QueryResult::integer(std::size_t row, int column) const {
  const std::string_view value = text(row, column);
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  if (error != std::errc() || end != value.data() + value.size()) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("upstream sent \"{}\" where a number was expected", value));
  }
  return number;
}

Connection::Connection(CancelToken& cancel)
    : cancel_(&cancel), wake_(std::make_unique<Wake>(cancel)) {}

// One attempt to log in at one address.
class Connection::Attempt {
 public:
  Attempt(const ConnectionConfig& config, const SessionOptions& options, const Dialled& dialled,
          CancelToken& cancel)
      : made_(new Connection(cancel)), settings_(config, options, dialled, made_->secret_files_) {}

  void start() {
    made_->connection_ = PQconnectStartParams(settings_.keywords(), settings_.values(), 0);
    if (made_->connection_ == nullptr) throw std::bad_alloc();
    // Upstream's notices would be printed between the lines of our log.
    PQsetNoticeReceiver(
        made_->connection_, [](void*, const pg_result*) {}, nullptr);
    if (PQstatus(made_->connection_) == CONNECTION_BAD) fail();
  }
  void go_through(std::unique_ptr<ssh::LocalEnd> tunnel) {
    made_->tunnel_ = std::move(tunnel);
    made_->tunnel_->admit(PQsocket(made_->connection_));
  }
  // `reach_by` is for the TCP connection alone.
  void finish(Deadline reach_by, Deadline deadline);
  // Somebody answered at the address: others need not be tried.
  bool reached() const { return reached_; }
  std::unique_ptr<Connection> take() { return std::move(made_); }

 private:
  [[noreturn]] void fail() {
    // Of a connection whose tunnel broke, the cause is more than that it was closed.
    if (made_->tunnel_) made_->tunnel_->check();
    throw witness_.explain(connection_error(trimmed(PQerrorMessage(made_->connection_))));
  }

  std::unique_ptr<Connection> made_;
  ConnectionSettings settings_;
  TlsWitness witness_;
  bool reached_ = false;
};

void Connection::Attempt::finish(Deadline reach_by, Deadline deadline) {
  pg_conn* connection = made_->connection_;
  PostgresPollingStatusType state = PGRES_POLLING_WRITING;
  while (state != PGRES_POLLING_OK) {
    if (state == PGRES_POLLING_FAILED) fail();
    const Deadline until = reached_ ? deadline : reach_by;
    const auto left = std::chrono::duration_cast<microseconds>(until - steady_clock::now());
    if (left.count() <= 0) {
      throw UpstreamError(sqlstate::connection_failure, "",
                          "error connecting to server: connection timed out");
    }
    if (!made_->poll(state == PGRES_POLLING_READING ? POLLIN : POLLOUT, left, -1)) continue;
    {
      const TlsWitness::Watch watch(witness_);
      state = PQconnectPoll(connection);
    }
    const ConnStatusType status = PQstatus(connection);
    reached_ = reached_ || (status != CONNECTION_STARTED && status != CONNECTION_BAD);
  }
}

std::unique_ptr<Connection> Connection::open(const ConnectionConfig& config,
                                             const SessionOptions& options, CancelToken& cancel) {
  cancel.check();
  const ConnectionConfig now = settled(config, cancel);
  const Deadline deadline = steady_clock::now() + now.connect_timeout;
  std::unique_ptr<Connection> opened;
  if (now.tunnel) {
    auto tunnel = now.tunnel->open(now.host, now.port, deadline, cancel);
    Attempt attempt(now, options, {tunnel->address(), tunnel->port()}, cancel);
    attempt.start();
    attempt.go_through(std::move(tunnel));
    attempt.finish(deadline, deadline);
    opened = attempt.take();
  } else {
    opened = open_direct(now, options, deadline, cancel);
  }
  opened->settle(config);
  return opened;
}

// Every address of the host is tried until one answers.
std::unique_ptr<Connection> Connection::open_direct(const ConnectionConfig& config,
                                                    const SessionOptions& options,
                                                    Deadline deadline, CancelToken& cancel) {
  NetworkRules rules = config.network;
  std::string host = config.host;
  if (config.find_endpoint) {
    host = config.find_endpoint();
    rules.external_only = false;  // an endpoint's addresses are private by nature
  }
  const std::vector<std::string> addresses = find_addresses(host, rules, deadline, cancel);
  std::string failures;
  for (std::size_t i = 0;; ++i) {
    const std::size_t left = addresses.size() - i;
    Attempt attempt(config, options, {addresses[i], config.endpoint_port.value_or(config.port)},
                    cancel);
    try {
      attempt.start();
      attempt.finish(share_of(deadline, left), deadline);
      return attempt.take();
    } catch (UpstreamError& error) {
      if (addresses.size() > 1)
        failures += fmt::format("{}{}: {}.", i > 0 ? " " : "", addresses[i], error.message());
      if (!attempt.reached() && left > 1) continue;
      if (error.detail().empty()) error.detail(failures);
      throw;
    }
  }
}

Connection::~Connection() {
  if (message_ != nullptr) PQfreemem(message_);
  if (connection_ != nullptr) PQfinish(connection_);
  close_secret_files();
}

void Connection::close_secret_files() {
  for (const int fd : secret_files_) ::close(fd);
  secret_files_.clear();
}

void Connection::settle(const ConnectionConfig& config) {
  // It will not log in again: neither its copy of the password nor the files are needed any more.
  if (char* password = PQpass(connection_)) ::explicit_bzero(password, std::strlen(password));
  close_secret_files();
  if (PQsetnonblocking(connection_, 1) != 0) raise_connection(PQerrorMessage(connection_));
  // Settings that not every version knows cannot stand in the startup message.
  const std::uint32_t version = server_version();
  if (version >= 140000) {
    // A backend that waits (for a lock, for transactions to end) notices that we are gone.
    query("SET client_connection_check_interval = '2s'");
    query("SET idle_session_timeout = 0");
  }
  if (version >= 170000) query("SET transaction_timeout = 0");
  if (!config.tcp.configure_server) return;
  const auto seconds = [](std::chrono::milliseconds time) {
    return std::chrono::ceil<std::chrono::seconds>(time).count();
  };
  query(fmt::format("SET tcp_keepalives_idle = {}", seconds(config.tcp.keepalives_idle)));
  query(fmt::format("SET tcp_keepalives_interval = {}", seconds(config.tcp.keepalives_interval)));
  query(fmt::format("SET tcp_keepalives_count = {}", config.tcp.keepalives_retries));
  if (version >= 120000)
    query(fmt::format("SET tcp_user_timeout = {}", config.tcp.user_timeout.count()));
}

std::uint32_t Connection::server_version() const {
  return static_cast<std::uint32_t>(PQserverVersion(connection_));
}

int Connection::backend_pid() const {
  return PQbackendPID(connection_);
}

bool Connection::poll(short events, microseconds timeout, int extra_fd) {
  cancel_->check();
  pollfd fds[3] = {
      {PQsocket(connection_), events, 0}, {wake_->event.fd(), POLLIN, 0}, {extra_fd, POLLIN, 0}};
  const auto piece = std::clamp(timeout, microseconds(0), wait_piece_max);
  const timespec wait{piece.count() / 1'000'000, (piece.count() % 1'000'000) * 1000};
  const int ready = ::ppoll(fds, extra_fd < 0 ? 2 : 3, &wait, nullptr);
  if (ready < 0 && errno != EINTR) raise_connection(std::strerror(errno));
  cancel_->check();
  return ready > 0 && (fds[0].revents != 0 || (extra_fd >= 0 && fds[2].revents != 0));
}

bool Connection::wait(microseconds timeout, int extra_fd) {
  return poll(POLLIN, timeout, extra_fd);
}

void Connection::wait_for(microseconds timeout, int extra_fd) {
  poll(0, timeout, extra_fd);
}

void Connection::flush() {
  while (true) {
    const int left = PQflush(connection_);
    if (left < 0) raise_connection(PQerrorMessage(connection_));
    if (left == 0) return;
    poll(POLLIN | POLLOUT, wait_piece_max, -1);
    if (PQconsumeInput(connection_) == 0) raise_connection(PQerrorMessage(connection_));
  }
}

pg_result* Connection::next_result() {
  auto last_heard = steady_clock::now();
  while (PQisBusy(connection_) != 0) {
    const bool limited = answer_timeout_.count() > 0;
    if (poll(POLLIN, limited ? answer_timeout_ : wait_piece_max, -1)) {
      last_heard = steady_clock::now();
    } else if (limited && steady_clock::now() - last_heard >= answer_timeout_) {
      throw UpstreamError(
          sqlstate::connection_failure, "",
          fmt::format("connection closed: no answer for {} s", answer_timeout_.count()));
    }
    if (PQconsumeInput(connection_) == 0) raise_connection(PQerrorMessage(connection_));
  }
  return PQgetResult(connection_);
}

// The last result; the first error is thrown once all of them are read, so that the session can go
// on.
QueryResult Connection::collect() {
  flush();
  std::optional<QueryResult> last;
  pg_result* failed = nullptr;
  while (pg_result* result = next_result()) {
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY) {
      last.emplace(result);
    } else if (failed == nullptr) {
      failed = result;
    } else {
      PQclear(result);
    }
    if (PQstatus(connection_) == CONNECTION_BAD) break;
  }
  if (failed != nullptr) {
    const QueryResult owner(failed);
    raise_result(failed);
  }
  if (!last) raise_connection(PQerrorMessage(connection_));
  return *last;
}

QueryResult Connection::query(const std::string& sql) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) raise_connection(PQerrorMessage(connection_));
  return collect();
}

QueryResult Connection::query(const std::string& sql, std::span<const std::string> parameters) {
  // Replication sessions know only the simple protocol.
  std::string filled;
  for (std::size_t i = 0; i < sql.size(); ++i) {
    if (sql[i] == '$' && i + 1 < sql.size() && sql[i + 1] >= '1' && sql[i + 1] <= '9') {
      filled += quote_literal(parameters[static_cast<std::size_t>(sql[++i] - '1')]);
    } else {
      filled += sql[i];
    }
  }
  return query(filled);
}

void Connection::start_copy(const std::string& sql) {
  if (PQsendQuery(connection_, sql.c_str()) == 0) raise_connection(PQerrorMessage(connection_));
  flush();
  pg_result* result = next_result();
  const QueryResult owner(result);
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) return;
  raise_result(result);
}

void Connection::release_message() {
  if (message_ != nullptr) PQfreemem(message_);
  message_ = nullptr;
}

Connection::Read Connection::read(std::string_view& message) {
  release_message();
  int length = PQgetCopyData(connection_, &message_, 1);
  if (length == 0) {
    if (PQconsumeInput(connection_) == 0) raise_connection(PQerrorMessage(connection_));
    length = PQgetCopyData(connection_, &message_, 1);
  }
  if (length > 0) {
    message = {message_, static_cast<std::size_t>(length)};
    return Read::message;
  }
  if (length == 0) return Read::nothing_yet;
  if (length == -2) raise_connection(PQerrorMessage(connection_));
  set_receive_low_water(1);  // what comes now is short
  while (pg_result* result = next_result()) {
    const QueryResult owner(result);
    const ExecStatusType status = PQresultStatus(result);
    if (status == PGRES_COPY_IN || status == PGRES_COPY_BOTH) break;  // the server ended its half
    if (status == PGRES_FATAL_ERROR) raise_result(result);
  }
  return Read::end;
}

void Connection::send(std::string_view message) {
  int queued = 0;
  while ((queued = PQputCopyData(connection_, message.data(), static_cast<int>(message.size()))) ==
         0) {
    poll(POLLIN | POLLOUT, wait_piece_max, -1);
    if (PQconsumeInput(connection_) == 0) raise_connection(PQerrorMessage(connection_));
  }
  // What the socket does not take now goes out with the next flush or PQconsumeInput: never wait
  // here, the server may itself be waiting for us to read.
  if (queued < 0 || PQflush(connection_) < 0) raise_connection(PQerrorMessage(connection_));
}

void Connection::set_receive_low_water(int bytes) {
  // An optimisation only: where the kernel refuses, reads are smaller.
  ::setsockopt(PQsocket(connection_), SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof bytes);
}

bool Connection::hold_back_sender() {
  if (tunnel_) return false;
  tcp_info info{};
  socklen_t length = sizeof info;
  if (::getsockopt(PQsocket(connection_), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return false;
  if (info.tcpi_advmss < loopback_segment_bytes) return false;
  return ::setsockopt(PQsocket(connection_), SOL_SOCKET, SO_RCVBUF, &held_back_window_bytes,
                      sizeof held_back_window_bytes) == 0;
}

void Connection::raise_connection(std::string text) {
  // Of a connection whose tunnel broke, the cause is more than that it was closed.
  if (tunnel_) tunnel_->check();
  throw connection_error(trimmed(std::move(text)));
}

void Connection::raise_result(const pg_result* result) {
  const char* state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const char* primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
  if (state == nullptr || primary == nullptr) raise_connection(PQresultErrorMessage(result));
  const char* severity = PQresultErrorField(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  UpstreamError error(SqlState::from_text(state), severity != nullptr ? severity : "ERROR",
                      primary);
  if (const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)) error.detail(text);
  if (const char* text = PQresultErrorField(result, PG_DIAG_MESSAGE_HINT)) error.hint(text);
  throw error;
}

}  // namespace tailrace::replication
