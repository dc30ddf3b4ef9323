// COPY: its options, and the rows that a client sends.
#include <fmt/format.h>

#include "engine/coordinator/options.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "repr/text_format.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t row_bytes_max = 128 << 20;
constexpr std::size_t batch_rows_max = 16 * 1024;

SqlError bad_row(std::uint64_t line, std::string_view what) {
  return SqlError(sqlstate::bad_copy_file_format, std::string(what))
      .detail(fmt::format("COPY line {}.", line));
}

char single_byte(const std::string& text, std::string_view what) {
  if (text.size() == 1) return text.front();
  throw SqlError(sqlstate::feature_not_supported,
                 fmt::format("COPY {} must be a single one-byte character", what));
}

// Splits text rows into fields; nullopt is NULL.
using Fields = std::vector<std::optional<std::string>>;

Fields split_text(std::string_view line, const CopyOptions& options) {
  Fields fields;
  std::string field;
  std::size_t begin = 0;
  const auto end_field = [&](std::size_t end) {
    // NULL is told by the raw text, before escapes.
    if (line.substr(begin, end - begin) == options.null) {
      fields.emplace_back(std::nullopt);
    } else {
      fields.emplace_back(field);
    }
    field.clear();
    begin = end + 1;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (c == options.delimiter) {
      end_field(i);
    } else if (c == '\\' && i + 1 < line.size()) {
      const char next = line[++i];
      switch (next) {
        case 'b':
          field += '\b';
          break;
        case 'f':
          field += '\f';
          break;
        case 'n':
          field += '\n';
          break;
        case 'r':
          field += '\r';
          break;
        case 't':
          field += '\t';
          break;
        case 'v':
          field += '\v';
          break;
        default:
          field += next;
      }
    } else {
      field += c;
    }
  }
  end_field(line.size());
  return fields;
}

Fields split_csv(std::string_view line, const CopyOptions& options) {
  Fields fields;
  std::string field;
  bool quoted = false;
  bool was_quoted = false;
  const auto end_field = [&] {
    if (!was_quoted && field == options.null) {
      fields.emplace_back(std::nullopt);
    } else {
      fields.emplace_back(field);
    }
    field.clear();
    was_quoted = false;
  };
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted) {
      if (c == options.escape && i + 1 < line.size() &&
          (line[i + 1] == options.quote || line[i + 1] == options.escape)) {
        field += line[++i];
      } else if (c == options.quote) {
        quoted = false;
      } else {
        field += c;
      }
    } else if (c == options.quote && field.empty() && !was_quoted) {
      quoted = true;
      was_quoted = true;
    } else if (c == options.delimiter) {
      end_field();
    } else {
      field += c;
    }
  }
  end_field();
  return fields;
}

class TableSink final : public CopySink {
 public:
  TableSink(SessionState& session, const catalog::Item& table, std::vector<int> columns,
            CopyOptions options)
      : session_(session),
        table_(table),
        columns_(std::move(columns)),
        options_(options),
        types_(table.relation_schema()->types()),
        rows_(types_) {
    BindContext context = session.bind_context(Purpose::expression);
    const EvaluationContext evaluation{.session = &session.session_context()};
    for (const ScalarPtr& scalar : bind_defaults(table, context)) {
      defaults_.push_back(evaluate_constant(scalar, evaluation));
    }
    for (const int column : columns_)
      readers_.push_back(text_reader(types_[static_cast<std::size_t>(column)]));
  }

  std::size_t column_count() const override { return columns_.size(); }
  CopyFormat format() const override { return options_.format; }

  void write(std::string_view bytes) override {
    session_.cancel_token().check();
    pending_ += bytes;
    std::size_t begin = 0;
    for (std::size_t i = scanned_; i < pending_.size(); ++i) {
      const char c = pending_[i];
      if (options_.format == CopyFormat::csv && c == options_.quote) in_quotes_ = !in_quotes_;
      if (c != '\n' || in_quotes_) continue;
      take_line(std::string_view(pending_).substr(begin, i - begin));
      begin = i + 1;
    }
    pending_.erase(0, begin);
    scanned_ = pending_.size();
    if (pending_.size() > row_bytes_max) {
      throw SqlError(sqlstate::program_limit_exceeded, "a COPY row is longer than 128 MB");
    }
  }

  std::string finish() override {
    if (!pending_.empty()) take_line(pending_);
    flush();
    return fmt::format("COPY {}", count_);
  }

 private:
  void take_line(std::string_view line) {
    ++line_;
    if (ended_) return;
    if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
    if (line == "\\.") {
      ended_ = true;
      return;
    }
    if (options_.header && line_ == 1) return;
    const Fields fields =
        options_.format == CopyFormat::csv ? split_csv(line, options_) : split_text(line, options_);
    if (fields.size() < columns_.size()) throw bad_row(line_, "missing data for column");
    if (fields.size() > columns_.size())
      throw bad_row(line_, "extra data after last expected column");
    std::vector<const std::optional<std::string>*> given(types_.size(), nullptr);
    std::vector<TextReader> readers(types_.size(), nullptr);
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      given[static_cast<std::size_t>(columns_[i])] = &fields[i];
      readers[static_cast<std::size_t>(columns_[i])] = readers_[i];
    }
    // Read aside first: a bad field must leave no half row behind.
    std::vector<Value> values(types_.size());
    for (std::size_t i = 0; i < types_.size(); ++i) {
      if (given[i] == nullptr) {
        values[i] = defaults_[i];
      } else if (*given[i]) {
        values[i] = read_field(i, **given[i], readers[i]);
      }
      if (is_null(values[i]) && !table_.relation_schema()->columns[i].nullable) {
        throw SqlError(sqlstate::not_null_violation,
                       fmt::format("null value in column \"{}\" violates not-null constraint",
                                   table_.relation_schema()->columns[i].name))
            .detail(fmt::format("COPY line {}.", line_));
      }
    }
    rows_.append_row(values);
    ++count_;
    if (rows_.size() >= batch_rows_max) flush();
  }

  Value read_field(std::size_t column, const std::string& text, TextReader reader) {
    try {
      ColumnBuilder builder(types_[column], 1);
      reader(text, builder);
      return builder.finish()->value(0);
    } catch (const SqlError& error) {
      throw SqlError(error.state(), error.message())
          .detail(fmt::format("COPY line {}, column {}.", line_,
                              table_.relation_schema()->columns[column].name));
    }
  }

  void flush() {
    if (rows_.size() == 0) return;
    add_write(session_, catalog::collection_of(table_.id), rows_.finish());
  }

  SessionState& session_;
  catalog::Item table_;
  std::vector<int> columns_;
  CopyOptions options_;
  std::vector<Type> types_;
  std::vector<TextReader> readers_;
  std::vector<Value> defaults_;
  BatchBuilder rows_;
  std::string pending_;
  std::size_t scanned_ = 0;
  bool in_quotes_ = false;
  bool ended_ = false;
  std::uint64_t line_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace

CopyOptions copy_options(const std::vector<ast::Option>& given, bool from) {
  OptionReader options(given, "COPY");
  CopyOptions copy;
  if (const auto format = options.text("FORMAT")) {
    if (*format == "text") {
      copy.format = CopyFormat::text;
    } else if (*format == "csv") {
      copy.format = CopyFormat::csv;
    } else if (*format == "binary") {
      copy.format = CopyFormat::binary;
    } else {
      throw SqlError(sqlstate::invalid_parameter_value, fmt::format("unknown FORMAT: {}", *format));
    }
  }
  const bool csv = copy.format == CopyFormat::csv;
  if (from && copy.format == CopyFormat::binary) throw unsupported("COPY FROM in FORMAT BINARY");
  if (csv) {
    copy.delimiter = ',';
    copy.null = "";
  }
  if (const auto delimiter = options.text("DELIMITER"))
    copy.delimiter = single_byte(*delimiter, "delimiter");
  if (const auto null = options.text("NULL")) copy.null = *null;
  for (const std::string_view name : {"QUOTE", "ESCAPE", "HEADER"}) {
    if (!options.has(name)) continue;
    if (!from) throw unsupported(fmt::format("{} of COPY TO", name));
    if (!csv) {
      std::string word(name);
      for (char& c : word) c = static_cast<char>(std::tolower(c));
      throw SqlError(
          sqlstate::feature_not_supported,
          fmt::format("COPY {} available only in CSV mode", name == "HEADER" ? "HEADER" : word));
    }
  }
  if (const auto quote = options.text("QUOTE"))
    copy.quote = copy.escape = single_byte(*quote, "quote");
  if (const auto escape = options.text("ESCAPE")) copy.escape = single_byte(*escape, "escape");
  copy.header = options.boolean("HEADER").value_or(false);
  if (csv && copy.delimiter == copy.quote) {
    throw SqlError(sqlstate::invalid_parameter_value, "COPY delimiter and quote must be different");
  }
  options.finish();
  return copy;
}

StatementResult execute_copy_from(SessionState& session, const ast::CopyFrom& copy) {
  if (copy.url) throw unsupported("COPY FROM a URL");
  if (session.transaction().read_only || session.transaction().only_reads()) {
    throw SqlError(sqlstate::read_only_sql_transaction, "transaction in read-only mode");
  }
  const catalog::Item& table =
      session.catalog().resolve_relation(copy.target.name, session.scope());
  check_writable(table, session.catalog(), "insert into");
  const Schema& schema = *table.relation_schema();
  std::vector<int> columns;
  for (const ast::Ident& name : copy.target.columns) {
    int found = -1;
    for (std::size_t i = 0; i < schema.size(); ++i) {
      if (schema.columns[i].name == name.value) found = static_cast<int>(i);
    }
    if (found < 0) {
      throw SqlError(
          sqlstate::undefined_column,
          fmt::format("column \"{}\" of relation \"{}\" does not exist", name.value, table.name))
          .position(name.position);
    }
    columns.push_back(found);
  }
  if (copy.target.columns.empty()) {
    for (std::size_t i = 0; i < schema.size(); ++i) columns.push_back(static_cast<int>(i));
  }
  StatementResult result;
  result.tag = "COPY";
  result.copy_in = std::make_unique<TableSink>(session, table, std::move(columns),
                                               copy_options(copy.options, true));
  return result;
}

}  // namespace tailrace::engine
