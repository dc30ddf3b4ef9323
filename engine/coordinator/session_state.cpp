#include "engine/coordinator/session_state.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "engine/coordinator/catalog_answers.hpp"
#include "engine/coordinator/clock.hpp"

namespace tailrace::engine {

namespace {

// A statement that changes definitions and met others' changes so many times gives up.
constexpr int definition_attempts_max = 20;

// Definitions were changed by others after the statement had begun to read them, and before it began to change them.
class DefinitionsMoved : public SqlError {
 public:
  DefinitionsMoved()
      : SqlError(sqlstate::serialization_failure,
                 "could not serialize access due to concurrent changes of definitions") {
    hint("Run the statement again.");
  }
};

constexpr SqlState active_object_missing{"MZ006"};

// Severities in the order that client_min_messages means. INFO is sent whatever it says.
int rank(Notice::Severity severity) {
  switch (severity) {
    case Notice::Severity::debug:
      return 4;
    case Notice::Severity::log:
      return 5;
    case Notice::Severity::notice:
      return 6;
    case Notice::Severity::warning:
      return 7;
    case Notice::Severity::info:
      break;
  }
  return 9;
}

int rank(std::string_view least) {
  if (least == "debug") least = "debug2";
  if (least == "info") least = "notice";
  static constexpr std::string_view words[] = {"debug5", "debug4", "debug3",  "debug2", "debug1",
                                               "log",    "notice", "warning", "error"};
  return static_cast<int>(std::find(std::begin(words), std::end(words), least) - words);
}

// Closest thing to PostgreSQL's rule: `options` and start-up parameters set what they can, the rest gives notices.
void set_at_startup(SessionState& session, const std::string& name, const std::string& value) {
  const Variable* variable = find_variable(name);
  if (variable == nullptr || variable->scope != VariableScope::session) {
    session.notice(
        fmt::format("startup setting {} not set: unrecognized configuration parameter", name),
        sqlstate::undefined_object);
    return;
  }
  session.variables().set(*variable, check_variable(*variable, value), false);
}

}  // namespace

std::unique_ptr<Session> Session::open(Environment& environment, SessionOptions options) {
  auto& coordinator = static_cast<Coordinator&>(environment);
  const catalog::CatalogPtr catalog = coordinator.catalog();
  const catalog::Role* role = catalog->find_role(options.user);
  if (role == nullptr) {
    throw SqlError(sqlstate::invalid_password,
                   fmt::format("password authentication failed for user \"{}\"", options.user))
        .detail(fmt::format("role \"{}\" does not exist", options.user))
        .hint("Connect as materialize, or CREATE ROLE first.");
  }
  if (!role->login) {
    throw SqlError(sqlstate::invalid_authorization,
                   fmt::format("role \"{}\" is not allowed to login", options.user));
  }
  const bool system_role = role->id.is_system();
  if (system_role && !options.internal) {
    throw SqlError(sqlstate::invalid_authorization,
                   fmt::format("unauthorized login to user \"{}\"", options.user))
        .hint("System roles connect by the internal listener (--internal-sql-listen-addr).");
  }
  auto session = std::make_unique<SessionState>(coordinator, std::move(options));
  session->initialise_variables();
  return session;
}

SessionState::SessionState(Coordinator& coordinator, SessionOptions options)
    : coordinator_(coordinator), options_(std::move(options)) {
  catalog_ = coordinator_.catalog();
  role_id_ = catalog_->resolve_role(options_.user).id;
  answers_ = std::make_unique<CatalogAnswers>(*this);
  context_.current_user = options_.user;
  context_.session_user = options_.user;
  context_.server_version = coordinator_.version();
  context_.catalog = answers_.get();
  coordinator_.add_session(*this);
}

SessionState::~SessionState() {
  coordinator_.remove_session(*this);
  portals_.clear();
}

void SessionState::refresh_defaults() {
  std::map<std::string, std::string, std::less<>> defaults;
  for (const auto& [name, value] : catalog_->system_variables()) defaults[name] = value;
  const catalog::Role& own = role();
  for (const auto& [name, value] : own.variables) defaults[name] = value;
  defaults["is_superuser"] = own.superuser ? "on" : "off";
  variables_.set_defaults(std::move(defaults));
}

void SessionState::initialise_variables() {
  refresh_defaults();
  for (const auto& [name, value] : options_.variables) set_at_startup(*this, name, value);
  if (!options_.database.empty()) set_at_startup(*this, "database", options_.database);
  const std::string& database = variables_.get("database");
  if (catalog_->find_database(database) == nullptr) {
    notice(fmt::format("database \"{}\" does not exist", database), active_object_missing);
  }
  variables_.take_changed();
}

std::vector<Notice> SessionState::take_notices() {
  std::vector<Notice> wanted = take_notices_while_waiting();  // the last, where nobody was in time
  if (notices_.empty()) return wanted;
  const int least = rank(variables_.get("client_min_messages"));
  for (Notice& notice : std::exchange(notices_, {})) {
    if (rank(notice.severity) >= least) wanted.push_back(std::move(notice));
  }
  return wanted;
}

void SessionState::notice_while_waiting(std::string message) {
  Notice notice;
  notice.message = std::move(message);
  if (rank(notice.severity) < rank(variables_.get("client_min_messages"))) return;
  const std::lock_guard lock(waiting_mutex_);
  notices_while_waiting_.push_back(std::move(notice));
}

std::vector<Notice> SessionState::take_notices_while_waiting() {
  const std::lock_guard lock(waiting_mutex_);
  return std::exchange(notices_while_waiting_, {});
}

std::vector<std::pair<std::string, std::string>> SessionState::take_changed_parameters() {
  return variables_.take_changed();
}
std::vector<std::pair<std::string, std::string>> SessionState::reported_parameters() const {
  return variables_.reported();
}
int SessionState::extra_float_digits() const {
  return static_cast<int>(as_integer(variables_.get("extra_float_digits")));
}

std::chrono::milliseconds SessionState::idle_in_transaction_timeout() const {
  return std::chrono::milliseconds(
      as_milliseconds(variables_.get("idle_in_transaction_session_timeout")));
}

// Writes have the limit by default, reads where it was set; SUBSCRIBE goes on for as long as it is wanted.
std::chrono::milliseconds SessionState::statement_timeout(const Portal& portal) const {
  if (!portal.prepared->statement) return {};
  const auto& node = portal.prepared->statement->statement.node;
  const bool writes = std::holds_alternative<ast::Insert>(node) ||
                      std::holds_alternative<ast::Update>(node) ||
                      std::holds_alternative<ast::Delete>(node);
  if (!writes && !variables_.is_set("statement_timeout")) return {};
  constexpr std::uint64_t limit_max = 365ULL * 24 * 3600 * 1000;
  const std::uint64_t limit = as_milliseconds(variables_.get("statement_timeout"));
  return std::chrono::milliseconds(std::min(limit, limit_max));
}

TransactionStatus SessionState::transaction_status() const {
  if (!transaction_ || !transaction_->is_explicit) return TransactionStatus::idle;
  return transaction_->failed ? TransactionStatus::failed : TransactionStatus::in_block;
}

void SessionState::notice(std::string message, SqlState state, std::string hint) {
  Notice note;
  note.state = state;
  note.message = std::move(message);
  note.hint = std::move(hint);
  notices_.push_back(std::move(note));
}

Transaction& SessionState::transaction() {
  if (!transaction_) {
    transaction_ = std::make_unique<Transaction>();
    variables_.begin();
  }
  return *transaction_;
}

const catalog::Catalog& SessionState::catalog() {
  if (transaction_ && transaction_->ddl) return transaction_->ddl->catalog();
  return *catalog_;
}

const catalog::NameScope& SessionState::scope() {
  if (scope_version_ != variables_.version()) {
    scope_version_ = variables_.version();
    scope_ = {variables_.get("database"), as_list(variables_.get("search_path"))};
  }
  return scope_;
}

std::uint64_t SessionState::indexes_version() {
  const catalog::Cluster* cluster = catalog().find_cluster(variables_.get("cluster"));
  const auto running = cluster ? coordinator_.cluster(cluster->id) : nullptr;
  return running ? running->indexes_version() : 0;
}

const catalog::Role& SessionState::role() {
  // Not by its name: another role may have it by now.
  if (const catalog::Role* own = catalog().find(role_id_)) return *own;
  throw SqlError(sqlstate::undefined_object, fmt::format("role \"{}\" was dropped", options_.user));
}

const catalog::Cluster& SessionState::active_cluster() {
  return catalog().resolve_cluster(variables_.get("cluster"));
}

const catalog::Cluster& SessionState::target_cluster(
    const std::optional<ast::ClusterName>& in_cluster) {
  const catalog::Cluster& cluster =
      in_cluster ? catalog().resolve_cluster(*in_cluster) : active_cluster();
  if (cluster.id.is_system()) {
    throw SqlError(sqlstate::insufficient_privilege,
                   fmt::format("system cluster '{}' cannot be modified", cluster.name));
  }
  return cluster;
}

catalog::CatalogTransaction& SessionState::ddl() {
  Transaction& open = transaction();
  if (open.read_only || open.subscribed || open.only_reads()) {
    throw SqlError(sqlstate::read_only_sql_transaction, "transaction in read-only mode")
        .hint("Definitions change in a transaction of their own, or one without reads.");
  }
  if (!open.ddl) {
    catalog::CatalogPtr newest = coordinator_.catalog();
    if (newest->version() != catalog_->version()) throw DefinitionsMoved();
    open.ddl = std::make_unique<catalog::CatalogTransaction>(std::move(newest));
  }
  return *open.ddl;
}

const SessionContext& SessionState::session_context() {
  const catalog::NameScope& names = scope();
  context_.database = names.database;
  context_.search_path = names.search_path;
  context_.now_microseconds = now_microseconds();
  context_.transaction_microseconds = context_.now_microseconds;
  return context_;
}

BindContext SessionState::bind_context(Purpose purpose) {
  return BindContext{.catalog = catalog(),
                     .scope = scope(),
                     .purpose = purpose,
                     .session = &session_context(),
                     .notices = &notices_};
}

void SessionState::store_prepared(const std::string& name, PreparedStatementPtr prepared) {
  if (!name.empty() && prepared_.contains(name)) {
    throw SqlError(sqlstate::duplicate_prepared_statement,
                   fmt::format("prepared statement \"{}\" already exists", name));
  }
  prepared_[name] = std::move(prepared);
}

PreparedStatementPtr SessionState::find_prepared(const std::string& name) const {
  const auto found = prepared_.find(name);
  if (found != prepared_.end()) return found->second;
  throw SqlError(sqlstate::invalid_sql_statement_name,
                 name.empty() ? std::string("unnamed prepared statement does not exist")
                              : fmt::format("prepared statement \"{}\" does not exist", name));
}

void SessionState::close_prepared(const std::string& name) {
  prepared_.erase(name);
}

std::shared_ptr<Portal> SessionState::bind(const std::string& portal_name,
                                           PreparedStatementPtr prepared,
                                           std::vector<Value> parameters,
                                           std::vector<std::int16_t> result_formats) {
  if (parameters.size() != prepared->parameters.size()) {
    throw SqlError(
        sqlstate::protocol_violation,
        fmt::format("bind message supplies {} parameters, but the prepared statement requires {}",
                    parameters.size(), prepared->parameters.size()));
  }
  if (!portal_name.empty() && portals_.contains(portal_name)) {
    throw SqlError(sqlstate::duplicate_cursor,
                   fmt::format("cursor \"{}\" already exists", portal_name));
  }
  auto portal = std::make_shared<Portal>();
  portal->prepared = std::move(prepared);
  portal->parameters = std::move(parameters);
  portal->result_formats = std::move(result_formats);
  portals_[portal_name] = portal;
  return portal;
}

std::shared_ptr<Portal> SessionState::find_portal(const std::string& name) const {
  const auto found = portals_.find(name);
  if (found != portals_.end()) return found->second;
  throw SqlError(sqlstate::invalid_cursor_name, fmt::format("portal \"{}\" does not exist", name));
}

void SessionState::close_portal(const std::string& name) {
  portals_.erase(name);
}

void SessionState::start(Portal& portal) {
  {
    std::lock_guard lock(terminated_mutex_);
    if (terminated_) throw *terminated_;
  }
  if (portal.started) return;
  portal.started = true;
  if (!portal.prepared->statement) return;
  catalog_ = coordinator_.catalog();
  if (transaction_ && transaction_->failed) {
    const auto& node = portal.prepared->statement->statement.node;
    if (!std::holds_alternative<ast::Commit>(node) &&
        !std::holds_alternative<ast::Rollback>(node)) {
      throw SqlError(
          sqlstate::in_failed_sql_transaction,
          "current transaction is aborted, commands ignored until end of transaction block");
    }
  }
  for (int attempts_left = definition_attempts_max;; --attempts_left) {
    const std::size_t notices = notices_.size();
    try {
      portal.result = execute(*portal.prepared, portal.parameters);
      return;
    } catch (const DefinitionsMoved&) {
      if (attempts_left == 0) throw;
      // It has changed nothing yet: again, from the start, on what holds now.
      notices_.resize(notices);
      catalog_ = coordinator_.catalog();
    }
  }
}

void SessionState::cancel(SqlError reason) {
  cancel_.cancel(std::move(reason));
}

void SessionState::terminate(SqlError reason) {
  {
    std::lock_guard lock(terminated_mutex_);
    terminated_ = std::make_unique<SqlError>(reason);
  }
  cancel_.cancel(std::move(reason));
}

void SessionState::fail() {
  if (transaction_ && transaction_->is_explicit) transaction_->failed = true;
  std::lock_guard lock(terminated_mutex_);
  if (!terminated_) cancel_.reset();
}

void SessionState::end_implicit(bool failed) {
  {
    std::lock_guard lock(terminated_mutex_);
    if (!terminated_) cancel_.reset();
  }
  if (!transaction_ || transaction_->is_explicit) return;
  const std::unique_ptr<Transaction> ended = std::move(transaction_);
  try {
    if (!failed) commit(*ended);
  } catch (...) {
    variables_.rollback();
    portals_.clear();
    throw;
  }
  end_transaction(!failed);
}

void SessionState::end_transaction(bool committed) {
  if (committed) {
    variables_.commit();
  } else {
    variables_.rollback();
  }
  // Cursors die with their transaction.
  portals_.clear();
}

void SessionState::begin_block(bool read_only) {
  if (in_transaction_block()) {
    Notice warning;
    warning.severity = Notice::Severity::warning;
    warning.state = sqlstate::active_sql_transaction;
    warning.message = "there is already a transaction in progress";
    notice(std::move(warning));
    return;
  }
  Transaction& open = transaction();
  open.is_explicit = true;
  open.read_only = read_only;
}

std::string SessionState::commit_block() {
  if (!in_transaction_block()) {
    Notice warning;
    warning.severity = Notice::Severity::warning;
    warning.state = sqlstate::no_active_sql_transaction;
    warning.message = "there is no transaction in progress";
    notice(std::move(warning));
    return "COMMIT";
  }
  const std::unique_ptr<Transaction> ended = std::move(transaction_);
  if (ended->failed) {
    end_transaction(false);
    return "ROLLBACK";
  }
  try {
    commit(*ended);
  } catch (...) {
    end_transaction(false);
    throw;
  }
  end_transaction(true);
  return "COMMIT";
}

void SessionState::rollback_block() {
  if (!in_transaction_block()) {
    Notice warning;
    warning.severity = Notice::Severity::warning;
    warning.state = sqlstate::no_active_sql_transaction;
    warning.message = "there is no transaction in progress";
    notice(std::move(warning));
    return;
  }
  transaction_.reset();
  end_transaction(false);
}

void SessionState::commit(Transaction& ended) {
  if (!ended.has_effects()) return;
  std::vector<storage::CollectionDelta> deltas;
  for (auto& [table, batches] : ended.writes) {
    // A table dropped by the transaction itself takes its rows along.
    if (ended.ddl && ended.ddl->catalog().find(catalog::item_of(table)) == nullptr) continue;
    storage::CollectionDelta delta;
    delta.collection = table;
    delta.delta.rows = std::move(batches);
    deltas.push_back(std::move(delta));
  }
  storage::Preconditions preconditions;
  preconditions.unchanged_since.assign(ended.read_for_write.begin(), ended.read_for_write.end());
  if (ended.ddl && ended.ddl->changed()) {
    const auto lock = coordinator_.lock_ddl();
    coordinator_.commit_catalog(*ended.ddl, std::move(deltas), std::move(preconditions));
    catalog_ = coordinator_.catalog();
    return;
  }
  storage::CommitRequest request;
  request.preconditions = std::move(preconditions);
  request.deltas = std::move(deltas);
  const storage::CommitOutcome outcome = coordinator_.store().commit(std::move(request));
  if (outcome.error) {
    if (outcome.error->state() == sqlstate::undefined_table) {
      throw SqlError(sqlstate::undefined_object,
                     "a table that this transaction wrote to was dropped");
    }
    throw *outcome.error;
  }
  if (outcome.conflict) {
    throw SqlError(sqlstate::serialization_failure,
                   "could not serialize access due to a concurrent write")
        .detail(outcome.conflict->detail)
        .hint("Run the transaction again.");
  }
  coordinator_.advance_oracle(outcome.time);
}

}  // namespace tailrace::engine
