#include "tests/slt/connection.hpp"

#include "repr/text_format.hpp"

namespace tailrace::slt {

Connection::Connection(engine::Environment& environment, std::string database) {
  static std::uint32_t next_connection_id = 1;
  engine::SessionOptions options;
  options.user = "materialize";
  options.database = std::move(database);
  options.connection_id = next_connection_id++;
  session_ = engine::Session::open(environment, std::move(options));
}

Result Connection::run(const std::string& sql) {
  Result result;
  try {
    for (auto& statement : grammar::parse_statements(sql)) {
      result = run_one(std::make_shared<const grammar::ParsedStatement>(std::move(statement)));
    }
    session_->end_implicit(false);
  } catch (const SqlError&) {
    session_->fail();
    session_->end_implicit(true);
    throw;
  }
  session_->take_notices();
  return result;
}

Result Connection::run_one(std::shared_ptr<const grammar::ParsedStatement> statement) {
  const auto prepared = session_->prepare(std::move(statement), {});
  session_->close_portal("");
  const auto portal = session_->bind("", prepared, {}, {});
  session_->start(*portal);
  Result result;
  result.tag = portal->result.tag;
  if (portal->result.rows) {
    while (const auto batch = portal->result.rows->next(0)) {
      for (std::size_t row = 0; row < batch->rows; ++row) {
        std::vector<std::string>& values = result.rows.emplace_back();
        for (const ColumnPtr& column : batch->columns) {
          std::string& text = values.emplace_back();
          if (column->is_null(row)) {
            text = "NULL";
            continue;
          }
          text_writer(column->type())(*column, row, {}, text);
          if (text.empty()) text = "(empty)";
        }
      }
    }
  }
  session_->close_portal("");
  return result;
}

}  // namespace tailrace::slt
