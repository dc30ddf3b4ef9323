// The conversation after start-up: messages of the client in, answers out, without a socket.
//
// `proceed` consumes messages from the input and appends answers to the output until it has to
// wait for something, and says for what:
//
//   read           more input is needed; what is in the output may be sent now
//   flush          the output must be sent first (it is full, or its reader should not wait)
//   needs_worker   the next step may block: call again on a thread that may
//   close          the conversation has ended; send the output and close
//
// Not for several threads at a time. Errors become ErrorResponse messages; none leaves.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "engine/coordinator/session.hpp"
#include "server/fatal_error.hpp"
#include "server/pgwire/frontend_message.hpp"
#include "server/pgwire/input.hpp"
#include "server/pgwire/row_encoder.hpp"
#include "server/statement_timer.hpp"

namespace tailrace::server {

// Output is sent when it has this many bytes: large enough to be worth a system call, small enough
// that a slow client holds little memory.
inline constexpr std::size_t output_bytes_max = 64 << 10;

enum class Pace : std::uint8_t { read, flush, needs_worker, close };

class Protocol {
 public:
  Protocol(engine::Session& session, Input& input, std::string& output);
  ~Protocol();

  Pace proceed(bool may_block);
  // Ends the conversation between statements: reports the reason as FATAL.
  void end(const SqlError& reason);

  // The open transaction waits for its client, who has this long; nothing: no limit.
  std::optional<std::chrono::milliseconds> idle_limit() const;

  // From another thread: cancels a statement that has run for longer than it may.
  void check_time(StatementTimer::Clock::time_point now) { timer_.check(now); }

  // ParameterStatus of changed settings, and notices.
  void append_news();

 private:
  struct Execution;
  struct SimpleQuery;

  // One message or one step of what is under way; nothing: go on.
  std::optional<Pace> step(bool may_block);
  std::optional<Pace> handle(const Frame& frame, bool may_block);
  bool can_block(const Frame& frame) const;

  void handle_query(const frontend::Query& message);
  void handle_parse(const frontend::Parse& message);
  void handle_bind(const frontend::Bind& message);
  void handle_describe(const frontend::Describe& message);
  void handle_close(const frontend::Close& message);
  void handle_execute(const frontend::Execute& message, bool may_block);
  void handle_sync();
  std::optional<Pace> handle_copy_in(const Frame& frame);

  void start_next_statement();
  // Starts the portal, or goes on with it.
  void run(std::shared_ptr<engine::Portal> portal, std::size_t rows_max);
  std::optional<Pace> send_rows(bool may_block);
  void complete(const std::string& tag);

  std::optional<Pace> report(const SqlError& error);
  void ready();

  engine::Session& session_;
  Input& input_;
  std::string& output_;
  StatementTimer timer_;
  std::unique_ptr<SimpleQuery> query_;    // the simple query under way
  std::unique_ptr<Execution> execution_;  // the portal that gives rows or takes COPY data
  bool is_simple_ = false;           // an error now is followed by ReadyForQuery, not by skipping
  bool skipping_to_sync_ = false;    // after an error in an extended query
  bool implicit_can_block_ = false;  // what ran since the last Sync may have to be committed
  bool answers_are_due_ = false;     // the output ends a Sync or Flush: do not hold it back
};

}  // namespace tailrace::server
