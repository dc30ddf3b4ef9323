#include "server/http/sql_runner.hpp"

#include <fmt/format.h>

#include "grammar/parser.hpp"
#include "repr/scalar_text.hpp"
#include "repr/text_format.hpp"
#include "server/http/json_text.hpp"

namespace tailrace::server {

namespace {

std::string_view severity_name(Notice::Severity severity) {
  switch (severity) {
    case Notice::Severity::debug:
      return "debug";
    case Notice::Severity::log:
      return "log";
    case Notice::Severity::info:
      return "info";
    case Notice::Severity::notice:
      return "notice";
    case Notice::Severity::warning:
      return "warning";
  }
  return "notice";
}

void append_member(std::string& out, std::string_view name, std::string_view text) {
  if (out.back() != '{') out += ',';
  append_json_string(out, name);
  out += ':';
  append_json_string(out, text);
}

void append_notices(std::string& out, const std::vector<Notice>& notices) {
  out += "\"notices\":[";
  for (std::size_t i = 0; i < notices.size(); ++i) {
    const Notice& notice = notices[i];
    out += i > 0 ? ",{" : "{";
    append_member(out, "message", notice.message);
    append_member(out, "code", notice.state.view());
    append_member(out, "severity", severity_name(notice.severity));
    if (!notice.detail.empty()) append_member(out, "detail", notice.detail);
    if (!notice.hint.empty()) append_member(out, "hint", notice.hint);
    out += '}';
  }
  out += ']';
}

void append_description(std::string& out, const Schema& schema) {
  out += "\"desc\":{\"columns\":[";
  for (std::size_t i = 0; i < schema.size(); ++i) {
    const ColumnSchema& column = schema.columns[i];
    out += i > 0 ? ",{" : "{";
    append_member(out, "name", column.name);
    out += fmt::format(",\"type_oid\":{},\"type_len\":{},\"type_mod\":{}}}", column.type.oid(),
                       column.type.length(), column.type.wire_modifier());
  }
  out += "]}";
}

// What needs a conversation, which one request is not.
void refuse_conversations(const ast::Statement& statement) {
  const char* name = std::holds_alternative<ast::Close>(statement.node)       ? "CLOSE"
                     : std::holds_alternative<ast::CopyTo>(statement.node)    ? "COPY"
                     : std::holds_alternative<ast::CopyFrom>(statement.node)  ? "COPY"
                     : std::holds_alternative<ast::Declare>(statement.node)   ? "DECLARE"
                     : std::holds_alternative<ast::Fetch>(statement.node)     ? "FETCH"
                     : std::holds_alternative<ast::Subscribe>(statement.node) ? "SUBSCRIBE"
                                                                              : nullptr;
  if (name != nullptr) throw unsupported(fmt::format("{} over HTTP", name));
}

class Runner {
 public:
  Runner(engine::Session& session, StatementTimer& timer) : session_(session), timer_(timer) {}
  ~Runner() { timer_.stop(); }
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  std::string run(const SqlRequest& request) {
    out_ = "{\"results\":[";
    try {
      if (const auto* simple = std::get_if<SimpleRequest>(&request)) {
        run_simple(*simple);
      } else {
        run_extended(std::get<ExtendedRequest>(request));
      }
    } catch (const SqlError& error) {
      fail(error);
    }
    out_ += "]}";
    return std::move(out_);
  }

 private:
  using Parameters = std::vector<std::optional<std::string>>;

  void run_simple(const SimpleRequest& request) {
    auto statements = grammar::parse_statements(request.query);
    for (std::size_t i = 0; i < statements.size(); ++i) {
      run_statement(std::move(statements[i]), {}, i + 1 == statements.size());
    }
    if (statements.empty()) session_.end_implicit(false);
  }

  void run_extended(const ExtendedRequest& request) {
    for (std::size_t i = 0; i < request.statements.size(); ++i) {
      const ExtendedRequest::Statement& statement = request.statements[i];
      auto parsed = grammar::parse_statements(statement.query);
      if (parsed.size() != 1) {
        throw SqlError(sqlstate::syntax_error, fmt::format("each query must be exactly one "
                                                           "statement, this one has {}",
                                                           parsed.size()));
      }
      run_statement(std::move(parsed.front()), statement.parameters,
                    i + 1 == request.statements.size());
    }
    if (request.statements.empty()) session_.end_implicit(false);
  }

  void run_statement(grammar::ParsedStatement statement, const Parameters& parameters,
                     bool is_last) {
    refuse_conversations(statement.statement);
    engine::Portal portal;
    portal.prepared = session_.prepare(
        std::make_shared<const grammar::ParsedStatement>(std::move(statement)), {});
    portal.parameters = bind(portal.prepared->parameters, parameters);
    timer_.start(session_, portal);
    session_.start(portal);
    std::string entry = portal.result.rows ? rows_entry(portal) : ok_entry(portal);
    if (is_last) session_.end_implicit(false);
    timer_.stop();
    append_news(entry, portal.result.rows == nullptr);
    append_entry(entry);
  }

  std::vector<Value> bind(const std::vector<Type>& types, const Parameters& parameters) {
    if (types.size() != parameters.size()) {
      throw SqlError(sqlstate::protocol_violation,
                     fmt::format("request supplied {} parameters, but the statement requires {}",
                                 parameters.size(), types.size()));
    }
    std::vector<Value> values;
    for (std::size_t i = 0; i < types.size(); ++i) {
      if (parameters[i]) check_utf8(*parameters[i]);
      values.push_back(parameters[i] ? from_text(types[i], *parameters[i]) : Value(Null{}));
    }
    return values;
  }

  std::string ok_entry(const engine::Portal& portal) {
    std::string entry = "{";
    append_member(entry, "ok", portal.result.tag);
    return entry;
  }

  std::string rows_entry(engine::Portal& portal) {
    engine::RowSource& source = *portal.result.rows;
    const Schema& schema = source.schema();
    std::string rows;
    std::size_t count = 0;
    while (const std::optional<Batch> batch = source.next(0)) {
      for (std::size_t row = 0; row < batch->rows; ++row, ++count) {
        append_row(rows, schema, *batch, row);
        if (out_.size() + rows.size() > response_bytes_max) {
          throw SqlError(sqlstate::configuration_limit_exceeded,
                         fmt::format("result exceeds the {} MiB of an HTTP response",
                                     response_bytes_max >> 20))
              .hint("Use LIMIT, or the PostgreSQL protocol.");
        }
      }
    }
    std::string entry = "{";
    append_member(entry, "tag",
                  portal.result.tag_has_count ? portal.result.tag
                                              : fmt::format("{} {}", portal.result.tag, count));
    entry += ",\"rows\":[";
    entry += rows;
    entry += "],";
    append_description(entry, schema);
    return entry;
  }

  static void append_row(std::string& out, const Schema& schema, const Batch& batch,
                         std::size_t row) {
    out += out.empty() ? "[" : ",[";
    for (std::size_t i = 0; i < schema.size(); ++i) {
      if (i > 0) out += ',';
      const Column& column = *batch.columns[i];
      append_json_value(out, schema.columns[i].type,
                        column.is_null(row) ? Value(Null{}) : column.value(row));
    }
    out += ']';
  }

  void append_news(std::string& entry, bool with_parameters) {
    entry += ',';
    append_notices(entry, session_.take_notices());
    const auto changed = session_.take_changed_parameters();
    if (!with_parameters || changed.empty()) return;
    entry += ",\"parameters\":[";
    for (std::size_t i = 0; i < changed.size(); ++i) {
      entry += i > 0 ? ",{" : "{";
      append_member(entry, "name", changed[i].first);
      append_member(entry, "value", changed[i].second);
      entry += '}';
    }
    entry += ']';
  }

  void append_entry(std::string_view entry) {
    if (out_.back() != '[') out_ += ',';
    out_ += entry;
    out_ += '}';
  }

  void fail(const SqlError& error) {
    timer_.stop();
    session_.fail();
    std::string entry = "{\"error\":{";
    append_member(entry, "message", error.message());
    append_member(entry, "code", error.state().view());
    if (!error.detail().empty()) append_member(entry, "detail", error.detail());
    if (!error.hint().empty()) append_member(entry, "hint", error.hint());
    if (error.position() > 0) entry += fmt::format(",\"position\":{}", error.position());
    entry += "},";
    append_notices(entry, session_.take_notices());
    append_entry(entry);
    session_.end_implicit(true);
  }

  engine::Session& session_;
  StatementTimer& timer_;
  std::string out_;
};

}  // namespace

std::string run_sql_request(engine::Session& session, const SqlRequest& request,
                            StatementTimer& timer) {
  return Runner(session, timer).run(request);
}

}  // namespace tailrace::server
