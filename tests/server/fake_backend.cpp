#include "tests/server/fake_backend.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>

namespace tailrace::server::test {

namespace {

using engine::CopyFormat;
using engine::StatementResult;

Schema one_column(std::string name, Type type) {
  return {.columns = {{.name = std::move(name), .type = type}}};
}

// Waits until somebody wants it to stop.
[[noreturn]] void wait_for(CancelToken& token, FakeBackend& backend) {
  ++backend.waiting;
  std::mutex mutex;
  std::condition_variable changed;
  const CancelToken::Registration registration(token, [&] {
    const std::lock_guard lock(mutex);
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait(lock, [&] { return token.cancelled(); });
  lock.unlock();
  token.raise();
}

class NumberSource final : public engine::RowSource {
 public:
  NumberSource(int first, int last)
      : schema_(one_column("i", TypeId::int4)), next_(first), last_(last) {}
  const Schema& schema() const override { return schema_; }
  std::optional<Batch> next(std::size_t rows_max) override {
    if (next_ > last_) return std::nullopt;
    const int count =
        std::min(last_ - next_ + 1, rows_max == 0 ? 1000 : static_cast<int>(rows_max));
    ColumnBuilder builder(TypeId::int4);
    for (int i = 0; i < count; ++i) builder.append(std::int32_t{next_++});
    return Batch{.columns = {builder.finish()}, .rows = static_cast<std::size_t>(count)};
  }

 private:
  Schema schema_;
  int next_;
  int last_;
};

class TextSource final : public engine::RowSource {
 public:
  const Schema& schema() const override { return schema_; }
  std::optional<Batch> next(std::size_t) override {
    if (std::exchange(done_, true)) return std::nullopt;
    ColumnBuilder builder(TypeId::text);
    builder.append_bytes("plain");
    builder.append_bytes("tab\tand \\ and\nline");
    builder.append_bytes("comma, and \"quotes\"");
    builder.append_null();
    builder.append_bytes("");
    return Batch{.columns = {builder.finish()}, .rows = 5};
  }

 private:
  Schema schema_ = one_column("t", TypeId::text);
  bool done_ = false;
};

// One row, then an end that is bad or does not come.
class TroubledSource final : public engine::RowSource {
 public:
  TroubledSource(CancelToken& token, FakeBackend& backend, bool fails)
      : token_(token), backend_(backend), fails_(fails) {}
  const Schema& schema() const override { return first_.schema(); }
  std::optional<Batch> next(std::size_t rows_max) override {
    if (auto batch = first_.next(rows_max)) return batch;
    if (fails_) throw SqlError(sqlstate::division_by_zero, "division by zero");
    wait_for(token_, backend_);
  }
  bool is_streaming() const override { return true; }

 private:
  CancelToken& token_;
  FakeBackend& backend_;
  bool fails_;
  NumberSource first_{1, 1};
};

class FakeSink final : public engine::CopySink {
 public:
  explicit FakeSink(std::string& out) : out_(out) {}
  std::size_t column_count() const override { return 2; }
  CopyFormat format() const override { return CopyFormat::text; }
  void write(std::string_view bytes) override {
    if (bytes.starts_with("bad")) {
      throw SqlError(sqlstate::bad_copy_file_format, "missing data for column \"b\"");
    }
    data_ += bytes;
  }
  std::string finish() override {
    out_ = data_;
    return fmt::format("COPY {}", std::count(data_.begin(), data_.end(), '\n'));
  }

 private:
  std::string& out_;
  std::string data_;
};

class FakeSession final : public engine::Session {
 public:
  using Settings = std::vector<std::pair<std::string, std::string>>;

  FakeSession(FakeBackend& backend, engine::SessionOptions options)
      : backend_(backend), options_(std::move(options)) {
    ++backend_.open_sessions;
  }
  ~FakeSession() override { --backend_.open_sessions; }

  std::vector<Notice> take_notices() override { return std::exchange(notices_, {}); }
  Settings take_changed_parameters() override { return std::exchange(changed_, {}); }
  Settings reported_parameters() const override {
    return {{"server_version", "9.5.0"}, {"client_encoding", "UTF8"}};
  }
  int extra_float_digits() const override { return 1; }
  engine::TransactionStatus transaction_status() const override { return status_; }
  std::chrono::milliseconds idle_in_transaction_timeout() const override {
    return backend_.idle_timeout;
  }

  engine::PreparedStatementPtr prepare(std::shared_ptr<const grammar::ParsedStatement> statement,
                                       const std::vector<std::optional<Type>>&) override {
    auto prepared = std::make_shared<engine::PreparedStatement>();
    prepared->statement = std::move(statement);
    if (!prepared->statement) return prepared;
    const std::string& text = prepared->statement->text;
    if (text == "SELECT $1") prepared->parameters = {TypeId::int4};
    prepared->is_copy = text.starts_with("COPY");
    if (text.starts_with("SELECT") || text.starts_with("SUBSCRIBE") || prepared->is_copy) {
      const bool texts = text.find("'texts'") != text.npos;
      prepared->columns = texts ? one_column("t", TypeId::text) : one_column("i", TypeId::int4);
    }
    return prepared;
  }
  void store_prepared(const std::string& name, engine::PreparedStatementPtr prepared) override {
    if (!name.empty() && prepared_.contains(name)) {
      throw SqlError(sqlstate::duplicate_prepared_statement,
                     fmt::format("prepared statement \"{}\" already exists", name));
    }
    prepared_[name] = std::move(prepared);
  }
  engine::PreparedStatementPtr find_prepared(const std::string& name) const override {
    const auto found = prepared_.find(name);
    if (found != prepared_.end()) return found->second;
    throw SqlError(sqlstate::invalid_sql_statement_name,
                   fmt::format("prepared statement \"{}\" does not exist", name));
  }
  void close_prepared(const std::string& name) override { prepared_.erase(name); }
  std::shared_ptr<engine::Portal> bind(const std::string& name,
                                       engine::PreparedStatementPtr prepared,
                                       std::vector<Value> parameters,
                                       std::vector<std::int16_t> formats) override {
    auto portal = std::make_shared<engine::Portal>();
    portal->prepared = std::move(prepared);
    portal->parameters = std::move(parameters);
    portal->result_formats = std::move(formats);
    return portals_[name] = portal;
  }
  std::shared_ptr<engine::Portal> find_portal(const std::string& name) const override {
    const auto found = portals_.find(name);
    if (found != portals_.end()) return found->second;
    throw SqlError(sqlstate::invalid_cursor_name,
                   fmt::format("portal \"{}\" does not exist", name));
  }
  void close_portal(const std::string& name) override { portals_.erase(name); }

  void start(engine::Portal& portal) override {
    if (terminated_) token_.raise();
    token_.reset();
    portal.started = true;
    portal.result = result_of(portal.prepared->statement->text, portal.parameters);
  }
  bool starts_at_once(const engine::Portal& portal) const override {
    return portal.prepared->statement->text == "SELECT $1";
  }
  void end_implicit(bool failed) override {
    if (status_ == engine::TransactionStatus::idle) portals_.clear();
    if (!failed && !backend_.commit_error.empty()) {
      throw SqlError(sqlstate::serialization_failure, std::exchange(backend_.commit_error, {}));
    }
  }
  void fail() override {
    if (status_ != engine::TransactionStatus::idle) status_ = engine::TransactionStatus::failed;
  }
  std::chrono::milliseconds statement_timeout(const engine::Portal&) const override {
    return backend_.statement_timeout;
  }
  void cancel(SqlError reason) override {
    ++backend_.cancelled;
    token_.cancel(std::move(reason));
  }
  void terminate(SqlError reason) override {
    ++backend_.cancelled;
    terminated_ = true;
    token_.cancel(std::move(reason));
  }

 private:
  StatementResult result_of(std::string_view text, const std::vector<Value>& parameters) {
    StatementResult result;
    if (text.starts_with("COPY (")) {
      const std::size_t end = text.find(") TO");
      result = result_of(text.substr(6, end - 6), parameters);
      result.tag = "COPY";
      result.copy_out.emplace();
      if (text.find("csv") != text.npos) {
        result.copy_out->format = CopyFormat::csv;
        result.copy_out->delimiter = ',';
        result.copy_out->null = "";
      } else if (text.find("binary") != text.npos) {
        result.copy_out->format = CopyFormat::binary;
      }
    } else if (text.starts_with("COPY t FROM")) {
      result.copy_in = std::make_unique<FakeSink>(backend_.copied);
    } else if (text.starts_with("SELECT ")) {
      result.tag = "SELECT";
      result.rows = rows_of(text.substr(7), parameters);
    } else if (text.starts_with("SUBSCRIBE")) {
      result.tag = "SUBSCRIBE";
      result.rows = std::make_unique<TroubledSource>(token_, backend_, false);
    } else {
      result.tag = run_command(text);
    }
    return result;
  }

  std::unique_ptr<engine::RowSource> rows_of(std::string_view what,
                                             const std::vector<Value>& parameters) {
    if (what == "$1") {
      const int value = std::get<std::int32_t>(parameters.at(0));
      return std::make_unique<NumberSource>(value, value);
    }
    if (what == "'texts'") return std::make_unique<TextSource>();
    if (what == "'fail'") return std::make_unique<TroubledSource>(token_, backend_, true);
    if (what == "'forever'") wait_for(token_, backend_);
    int count = 0;
    std::from_chars(what.data(), what.data() + what.size(), count);
    return std::make_unique<NumberSource>(1, count);
  }

  std::string run_command(std::string_view text) {
    if (text == "BEGIN") status_ = engine::TransactionStatus::in_block;
    if (text == "COMMIT" || text == "ROLLBACK") status_ = engine::TransactionStatus::idle;
    if (text.starts_with("DELETE")) wait_for(token_, backend_);
    if (text.starts_with("DROP TABLE")) {
      notices_.push_back(
          {.state = sqlstate::undefined_object, .message = "TABLE \"t\" does not exist, skipping"});
      return "DROP TABLE";
    }
    if (text.starts_with("SET")) {
      changed_.emplace_back("application_name", "x");
      return "SET";
    }
    return std::string(text);
  }

  FakeBackend& backend_;
  engine::SessionOptions options_;
  CancelToken token_;
  std::atomic<bool> terminated_ = false;
  engine::TransactionStatus status_ = engine::TransactionStatus::idle;
  std::vector<Notice> notices_;
  Settings changed_;
  std::map<std::string, engine::PreparedStatementPtr> prepared_;
  std::map<std::string, std::shared_ptr<engine::Portal>> portals_;
};

}  // namespace

std::unique_ptr<engine::Session> FakeBackend::open_session(engine::SessionOptions options) {
  return std::make_unique<FakeSession>(*this, std::move(options));
}

std::string FakeBackend::password_verifier(std::string_view user) {
  if (user == "nobody") {
    throw SqlError(sqlstate::invalid_authorization, "role \"nobody\" does not exist");
  }
  const auto found = verifiers.find(user);
  return found == verifiers.end() ? "" : found->second;
}

std::vector<engine::Environment::Metric> FakeBackend::metrics() const {
  return {{.name = "sessions", .help = "Open\nsessions.", .value = 2.5},
          {.name = "bytes",
           .help = "Bytes.",
           .labels = "{source=\"u1\"}",
           .value = 7,
           .is_counter = true}};
}

}  // namespace tailrace::server::test
