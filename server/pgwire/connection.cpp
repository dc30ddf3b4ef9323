#include "server/log.hpp"
#include "server/pgwire/backend_message.hpp"
#include "server/pgwire/connection_private.hpp"

namespace tailrace::server {

namespace {

// What is read at a time: a pipeline of small messages, or a piece of a large one.
constexpr std::size_t read_bytes = 16 << 10;
// An output buffer that grew beyond this is given back after it was sent.
constexpr std::size_t kept_output_bytes_max = 4 * output_bytes_max;

}  // namespace

Connection::Connection(Services& services, IoLoop& loop, tcp::socket socket, ListenerKind kind)
    : services_(services),
      loop_(loop),
      transport_(std::move(socket)),
      kind_(kind),
      count_(services),
      told_(loop.context(), Clock::time_point::max()) {
  loop_.add(*this);
}

Connection::~Connection() {
  loop_.remove(*this);
}

asio::awaitable<void> Connection::serve() {
  std::optional<SqlError> fatal;
  try {
    co_await run();
  } catch (const SqlError& error) {
    fatal = error;
  } catch (const std::exception& error) {
    log("error", std::string("connection ended: ") + error.what());
    fatal = SqlError(sqlstate::internal_error, error.what());
  }
  co_await end_telling();
  if (fatal) {
    append_error(output_, *fatal, ErrorSeverity::fatal);
    co_await flush();
  }
  transport_.end_sending();
  co_await end_session();
}

asio::awaitable<void> Connection::run() {
  deadline_ = Clock::now() + services_.options.authentication_timeout;
  const bool started = co_await start_up();
  if (started) co_await converse();
}

asio::awaitable<void> Connection::converse() {
  auto run_blocking = [this] { return protocol_->proceed(true); };
  for (;;) {
    Pace pace = protocol_->proceed(false);
    if (pace == Pace::needs_worker) {
      is_running_ = true;
      session_->set_running(true);
      pace = co_await on_worker(services_.workers, run_blocking);
      session_->set_running(false);
      is_running_ = false;
      co_await end_telling();
    }
    const bool sent = co_await flush();
    if (!sent || pace == Pace::close) co_return;
    if (pace != Pace::read) continue;
    const std::optional<std::chrono::milliseconds> limit = protocol_->idle_limit();
    deadline_ = limit ? Clock::now() + *limit : Clock::time_point::max();
    const bool received = co_await read();
    deadline_ = Clock::time_point::max();
    if (!received) co_return;
  }
}

asio::awaitable<bool> Connection::read() {
  if (stop_reason_) throw FatalError(*stop_reason_);
  is_reading_ = true;
  const std::size_t size = co_await transport_.read(input_.prepare(read_bytes));
  is_reading_ = false;
  if (stop_reason_) throw FatalError(*stop_reason_);
  input_.commit(size);
  co_return size > 0;
}

asio::awaitable<bool> Connection::flush() {
  if (output_.empty()) co_return true;
  const bool sent = co_await transport_.write(output_);
  output_.clear();
  if (output_.capacity() > kept_output_bytes_max) output_.shrink_to_fit();
  co_return sent;
}

asio::awaitable<void> Connection::end_session() {
  protocol_.reset();
  if (!session_) co_return;
  services_.sessions.remove(key_);
  // Rolls back what is open, which may take a while.
  auto destroy = [this] {
    session_.reset();
    return true;
  };
  co_await on_worker(services_.workers, destroy);
}

void Connection::watch(Clock::time_point now) {
  if (is_running_ && peer_has_closed(transport_.native_handle())) {
    stop(SqlError(sqlstate::connection_failure, "connection to client lost"));
  } else if (is_running_) {
    protocol_->check_time(now);
    tell_news();
  } else if (now > deadline_) {
    stop(protocol_ ? SqlError(sqlstate::idle_in_transaction_timeout,
                              "terminating connection due to idle-in-transaction timeout")
                   : SqlError(sqlstate::invalid_authorization, "authentication timed out"));
  }
}

void Connection::tell_news() {
  if (is_telling_) return;
  std::string news;
  for (const Notice& notice : session_->get().take_notices_while_waiting())
    append_notice(news, notice);
  if (news.empty()) return;
  is_telling_ = true;
  // Until this has ended, `converse` sends nothing, nor ends.
  asio::co_spawn(loop_.context(), tell(std::move(news)), asio::detached);
}

asio::awaitable<void> Connection::end_telling() {
  while (is_telling_) co_await told_.async_wait(no_throw);
}

asio::awaitable<void> Connection::tell(std::string news) {
  co_await transport_.write(news);  // who is gone is noticed by what comes next
  is_telling_ = false;
  told_.cancel();
}

void Connection::stop(const SqlError& reason) {
  if (stop_reason_) return;
  stop_reason_ = reason;
  if (session_) session_->get().terminate(reason);
  if (is_reading_) transport_.interrupt();
}

asio::awaitable<void> serve_pgwire(Services& services, IoLoop& loop, tcp::socket socket,
                                   ListenerKind kind) {
  Connection connection(services, loop, std::move(socket), kind);
  co_await connection.serve();
}

}  // namespace tailrace::server
