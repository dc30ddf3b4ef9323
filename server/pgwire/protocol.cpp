#include "server/pgwire/protocol.hpp"

#include <fmt/format.h>

#include <new>
#include <utility>
#include <vector>

#include "grammar/parser.hpp"
#include "server/pgwire/backend_message.hpp"
#include "server/pgwire/parameters.hpp"

namespace tailrace::server {

namespace {

using ParsedStatementPtr = std::shared_ptr<const grammar::ParsedStatement>;

// A batch with more rows than this is not encoded on a thread that others wait for.
constexpr std::size_t rows_at_once_max = 1000;
// Bind messages longer than this are decoded by a worker.
constexpr std::size_t bind_bytes_at_once_max = 64 << 10;

// After these the session is over.
bool is_terminal(SqlState state) {
  // Not connection_failure: that is an upstream that cannot be reached, and a statement's error.
  return state == sqlstate::admin_shutdown || state == sqlstate::idle_in_transaction_timeout;
}

std::vector<ParsedStatementPtr> parse(std::string_view sql) {
  std::vector<ParsedStatementPtr> statements;
  for (grammar::ParsedStatement& statement : grammar::parse_statements(sql)) {
    statements.push_back(std::make_shared<const grammar::ParsedStatement>(std::move(statement)));
  }
  return statements;
}

std::optional<Type> parameter_type(Oid oid) {
  constexpr Oid unknown_oid = 705;
  if (oid == 0 || oid == unknown_oid) return std::nullopt;
  if (const std::optional<Type> type = type_from_oid(oid)) return type;
  throw SqlError(sqlstate::undefined_object, fmt::format("type with OID {} does not exist", oid));
}

}  // namespace

struct Protocol::SimpleQuery {
  std::vector<ParsedStatementPtr> statements;
  std::size_t next = 0;

  bool is_last() const { return next == statements.size(); }
};

struct Protocol::Execution {
  std::shared_ptr<engine::Portal> portal;
  std::size_t rows_max = 0;             // 0: all
  std::unique_ptr<RowEncoder> encoder;  // none: the portal takes COPY data
  bool at_once = false;                 // the first rows are there without waiting
  std::size_t rows_sent = 0;
  std::optional<Batch> batch;  // sent up to, but not including, `next_row`
  std::size_t next_row = 0;

  bool is_copy_in() const { return encoder == nullptr; }
};

Protocol::Protocol(engine::Session& session, Input& input, std::string& output)
    : session_(session), input_(input), output_(output) {}

Protocol::~Protocol() = default;

Pace Protocol::proceed(bool may_block) {
  if (output_.empty()) answers_are_due_ = false;
  for (;;) {
    std::optional<Pace> pace;
    try {
      pace = step(may_block);
    } catch (const FatalError& error) {
      append_error(output_, error, ErrorSeverity::fatal);
      return Pace::close;
    } catch (const SqlError& error) {
      pace = report(error);
    } catch (const std::bad_alloc&) {
      pace = report(SqlError(sqlstate::out_of_memory, "out of memory"));
    } catch (const std::exception& error) {
      pace = report(SqlError(sqlstate::internal_error, error.what()));
    }
    if (pace) return *pace;
  }
}

void Protocol::end(const SqlError& reason) {
  append_error(output_, reason, ErrorSeverity::fatal);
}

std::optional<std::chrono::milliseconds> Protocol::idle_limit() const {
  if (session_.transaction_status() == engine::TransactionStatus::idle) return std::nullopt;
  const std::chrono::milliseconds limit = session_.idle_in_transaction_timeout();
  if (limit.count() == 0) return std::nullopt;
  return limit;
}

void Protocol::append_news() {
  for (const auto& [name, value] : session_.take_changed_parameters()) {
    append_parameter_status(output_, name, value);
  }
  for (const Notice& notice : session_.take_notices()) append_notice(output_, notice);
}

std::optional<Pace> Protocol::step(bool may_block) {
  if (execution_ && !execution_->is_copy_in()) return send_rows(may_block);
  if (query_ && !execution_) {
    if (!may_block) return Pace::needs_worker;
    start_next_statement();
    return std::nullopt;
  }
  if (output_.size() >= output_bytes_max) return Pace::flush;
  const std::optional<Frame> frame = input_.next();
  if (!frame) return Pace::read;
  if (can_block(*frame)) {
    if (!may_block) return Pace::needs_worker;
    if (answers_are_due_ && !output_.empty()) return Pace::flush;
  }
  input_.consume(*frame);
  return handle(*frame, may_block);
}

// True if handling the message may wait or take long, so that a worker should do it.
bool Protocol::can_block(const Frame& frame) const {
  if (skipping_to_sync_) return frame.kind == 'S' && implicit_can_block_;
  switch (frame.kind) {
    case 'Q':
    case 'P':
      return true;
    case 'B':
      return frame.payload.size() > bind_bytes_at_once_max;
    case 'd':
    case 'c':
    case 'f':
      return execution_ != nullptr;
    case 'S':
      return implicit_can_block_;
    case 'E':
      break;
    default:
      return false;
  }
  try {
    const auto message = decode_frontend_message(frame.kind, frame.payload);
    const auto portal = session_.find_portal(std::get<frontend::Execute>(message).portal);
    if (!portal || portal->finished || !portal->prepared->statement) return false;
    return portal->started || !session_.starts_at_once(*portal);
  } catch (const SqlError&) {
    return false;  // reported when it is handled
  }
}

std::optional<Pace> Protocol::handle(const Frame& frame, bool may_block) {
  if (skipping_to_sync_ && frame.kind != 'S' && frame.kind != 'X') return std::nullopt;
  if (execution_) return handle_copy_in(frame);
  // COPY data after COPY has failed: nobody waits for it.
  if (frame.kind == 'd' || frame.kind == 'c' || frame.kind == 'f') return std::nullopt;
  is_simple_ = frame.kind == 'Q' || frame.kind == 'F' || frame.kind == 'S';
  const FrontendMessage message = decode_frontend_message(frame.kind, frame.payload);
  switch (frame.kind) {
    case 'Q':
      handle_query(std::get<frontend::Query>(message));
      break;
    case 'P':
      handle_parse(std::get<frontend::Parse>(message));
      break;
    case 'B':
      handle_bind(std::get<frontend::Bind>(message));
      break;
    case 'D':
      handle_describe(std::get<frontend::Describe>(message));
      break;
    case 'C':
      handle_close(std::get<frontend::Close>(message));
      break;
    case 'E':
      handle_execute(std::get<frontend::Execute>(message), may_block);
      break;
    case 'S':
      handle_sync();
      break;
    case 'H':
      answers_are_due_ = true;
      break;
    case 'X':
      return Pace::close;
    case 'F':
      throw unsupported("the function call protocol");
    default:
      break;
  }
  return std::nullopt;
}

void Protocol::handle_query(const frontend::Query& message) {
  auto query = std::make_unique<SimpleQuery>();
  query->statements = parse(message.sql);
  if (!query->statements.empty()) {
    query_ = std::move(query);
    return;
  }
  append_empty(output_, 'I');
  session_.end_implicit(false);
  ready();
}

void Protocol::handle_parse(const frontend::Parse& message) {
  std::vector<ParsedStatementPtr> statements = parse(message.sql);
  if (statements.size() > 1) {
    throw SqlError(sqlstate::syntax_error,
                   "cannot insert multiple commands into a prepared statement");
  }
  std::vector<std::optional<Type>> types;
  types.reserve(message.parameter_types.size());
  for (const Oid oid : message.parameter_types) types.push_back(parameter_type(oid));
  const ParsedStatementPtr statement = statements.empty() ? nullptr : statements.front();
  session_.store_prepared(message.statement, session_.prepare(statement, types));
  append_empty(output_, '1');
}

void Protocol::handle_bind(const frontend::Bind& message) {
  const engine::PreparedStatementPtr prepared = session_.find_prepared(message.statement);
  const std::size_t formats = message.result_formats.size();
  const std::size_t columns =
      prepared->columns && !prepared->is_copy ? prepared->columns->size() : 0;
  if (formats > 1 && formats != columns) {
    throw SqlError(sqlstate::protocol_violation,
                   fmt::format("bind message has {} result formats but query has {} columns",
                               formats, columns));
  }
  session_.bind(message.portal, prepared, decode_parameters(message, prepared->parameters),
                message.result_formats);
  append_empty(output_, '2');
}

void Protocol::handle_describe(const frontend::Describe& message) {
  engine::PreparedStatementPtr prepared;
  std::vector<std::int16_t> formats;
  if (message.kind == frontend::ObjectKind::statement) {
    prepared = session_.find_prepared(message.name);
    append_parameter_description(output_, prepared->parameters);
  } else {
    const auto portal = session_.find_portal(message.name);
    prepared = portal->prepared;
    formats = portal->result_formats;
  }
  if (prepared->columns && !prepared->is_copy) {
    append_row_description(output_, *prepared->columns, formats);
  } else {
    append_empty(output_, 'n');
  }
}

void Protocol::handle_close(const frontend::Close& message) {
  if (message.kind == frontend::ObjectKind::statement) {
    session_.close_prepared(message.name);
  } else {
    session_.close_portal(message.name);
  }
  append_empty(output_, '3');
}

void Protocol::handle_execute(const frontend::Execute& message, bool may_block) {
  const std::shared_ptr<engine::Portal> portal = session_.find_portal(message.portal);
  const engine::PreparedStatement& prepared = *portal->prepared;
  if (!prepared.statement) {
    append_empty(output_, 'I');
    return;
  }
  if (portal->finished) {
    if (!prepared.columns || prepared.is_copy) {
      throw SqlError(sqlstate::object_not_in_prerequisite_state,
                     fmt::format("portal \"{}\" cannot be run", message.portal));
    }
    const engine::StatementResult& result = portal->result;
    append_command_complete(output_, result.tag_has_count ? result.tag : result.tag + " 0");
    return;
  }
  if (may_block) implicit_can_block_ = true;
  run(portal, message.rows_max);
  if (execution_) execution_->at_once = !may_block;
}

void Protocol::handle_sync() {
  const bool failed = std::exchange(skipping_to_sync_, false);
  session_.end_implicit(failed);
  ready();
}

std::optional<Pace> Protocol::handle_copy_in(const Frame& frame) {
  engine::CopySink& sink = *execution_->portal->result.copy_in;
  switch (frame.kind) {
    case 'd':
      sink.write(frame.payload);
      return std::nullopt;
    case 'c':
      complete(sink.finish());
      return std::nullopt;
    case 'f': {
      const auto message = decode_frontend_message(frame.kind, frame.payload);
      throw SqlError(
          sqlstate::query_canceled,
          fmt::format("COPY from stdin failed: {}", std::get<frontend::CopyFail>(message).message));
    }
    case 'H':
    case 'S':
      return std::nullopt;  // clients that pipeline send them before they know of COPY
    case 'X':
      return Pace::close;
    default:
      throw FatalError(sqlstate::protocol_violation,
                       fmt::format("unexpected message type 0x{:02X} during COPY from stdin",
                                   static_cast<unsigned char>(frame.kind)));
  }
}

void Protocol::start_next_statement() {
  const ParsedStatementPtr statement = query_->statements[query_->next++];
  auto portal = std::make_shared<engine::Portal>();
  portal->prepared = session_.prepare(statement, {});
  const engine::PreparedStatement& prepared = *portal->prepared;
  if (!prepared.parameters.empty()) {
    throw SqlError(sqlstate::undefined_parameter, "there is no parameter $1");
  }
  if (prepared.columns && !prepared.is_copy) append_row_description(output_, *prepared.columns, {});
  run(std::move(portal), 0);
}

void Protocol::run(std::shared_ptr<engine::Portal> portal, std::size_t rows_max) {
  timer_.start(session_, *portal);
  if (!portal->started) {
    session_.start(*portal);
    append_news();
  }
  const engine::StatementResult& result = portal->result;
  if (!result.rows && !result.copy_in) {
    execution_ = std::make_unique<Execution>();
    execution_->portal = std::move(portal);
    complete(result.tag);
    return;
  }
  auto execution = std::make_unique<Execution>();
  if (result.copy_in) {
    append_copy_response(output_, CopyDirection::in,
                         result.copy_in->format() == engine::CopyFormat::binary,
                         result.copy_in->column_count());
    answers_are_due_ = true;
  } else if (result.copy_out) {
    const Schema& schema = result.rows->schema();
    execution->encoder = copy_encoder(schema, *result.copy_out, session_.extra_float_digits());
    append_copy_response(output_, CopyDirection::out,
                         result.copy_out->format == engine::CopyFormat::binary, schema.size());
    execution->encoder->append_start(output_);
  } else {
    execution->encoder = data_row_encoder(result.rows->schema(), portal->result_formats,
                                          session_.extra_float_digits());
    execution->rows_max = rows_max;
  }
  // A stream has no end that it could be late for, and COPY data comes when the client sends it.
  if (!result.rows || result.rows->is_streaming()) timer_.stop();
  execution->portal = std::move(portal);
  execution_ = std::move(execution);
}

std::optional<Pace> Protocol::send_rows(bool may_block) {
  Execution& execution = *execution_;
  engine::StatementResult& result = execution.portal->result;
  for (;;) {
    if (!execution.batch) {
      if (execution.rows_max > 0 && execution.rows_sent == execution.rows_max) {
        timer_.stop();
        append_empty(output_, 's');
        execution_.reset();
        return std::nullopt;
      }
      if (!may_block && !execution.at_once) return Pace::needs_worker;
      execution.batch =
          result.rows->next(execution.rows_max > 0 ? execution.rows_max - execution.rows_sent : 0);
      execution.next_row = 0;
      if (!execution.batch) break;
      if (execution.batch->rows > rows_at_once_max) execution.at_once = false;
    }
    const std::size_t first = execution.next_row;
    execution.next_row =
        execution.encoder->append_rows(*execution.batch, first, output_bytes_max, output_);
    execution.rows_sent += execution.next_row - first;
    if (execution.next_row == execution.batch->rows) {
      execution.batch.reset();
      if (result.rows->is_streaming()) return Pace::flush;
    }
    if (output_.size() >= output_bytes_max) {
      execution.at_once = false;
      return Pace::flush;
    }
  }
  if (result.copy_out) {
    execution.encoder->append_end(output_);
    append_empty(output_, 'c');
  }
  complete(result.tag_has_count ? result.tag
                                : fmt::format("{} {}", result.tag, execution.rows_sent));
  return std::nullopt;
}

// The portal of the execution has come to its end.
void Protocol::complete(const std::string& tag) {
  const std::shared_ptr<engine::Portal> portal = execution_->portal;
  portal->finished = true;
  portal->result.rows.reset();
  portal->result.copy_in.reset();
  execution_.reset();
  const bool ends_query = query_ && query_->is_last();
  // What commit has to say comes instead of success.
  if (ends_query) session_.end_implicit(false);
  timer_.stop();
  append_news();
  append_command_complete(output_, tag);
  if (ends_query) {
    query_.reset();
    ready();
  }
}

std::optional<Pace> Protocol::report(const SqlError& error) {
  timer_.stop();
  execution_.reset();
  query_.reset();
  if (is_terminal(error.state())) {
    append_error(output_, error, ErrorSeverity::fatal);
    return Pace::close;
  }
  session_.fail();
  append_news();
  append_error(output_, error, ErrorSeverity::error);
  if (!is_simple_) {
    skipping_to_sync_ = true;
    return std::nullopt;
  }
  try {
    session_.end_implicit(true);
  } catch (const SqlError& other) {
    append_error(output_, other, ErrorSeverity::fatal);
    return Pace::close;
  }
  ready();
  return std::nullopt;
}

void Protocol::ready() {
  append_news();
  append_ready_for_query(output_, static_cast<char>(session_.transaction_status()));
  answers_are_due_ = true;
  implicit_can_block_ = false;
}

}  // namespace tailrace::server
