// The session behind its interface: state, and one function per kind of statement. Private to this folder.
//
// Statements live in files of their own (select.cpp, write.cpp, create_*.cpp, ...) as free functions over this state.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/binder/binder.hpp"
#include "engine/coordinator/coordinator.hpp"
#include "engine/coordinator/planned.hpp"
#include "engine/coordinator/session.hpp"
#include "engine/coordinator/transaction.hpp"
#include "engine/coordinator/variables.hpp"

namespace tailrace::engine {

class CatalogAnswers;

class SessionState final : public Session {
 public:
  SessionState(Coordinator& coordinator, SessionOptions options);
  ~SessionState() override;

  std::vector<Notice> take_notices() override;
  std::vector<Notice> take_notices_while_waiting() override;
  std::vector<std::pair<std::string, std::string>> take_changed_parameters() override;
  std::vector<std::pair<std::string, std::string>> reported_parameters() const override;
  int extra_float_digits() const override;
  TransactionStatus transaction_status() const override;
  std::chrono::milliseconds idle_in_transaction_timeout() const override;
  std::chrono::milliseconds statement_timeout(const Portal& portal) const override;

  PreparedStatementPtr prepare(std::shared_ptr<const grammar::ParsedStatement> statement,
                               const std::vector<std::optional<Type>>& parameters) override;
  void store_prepared(const std::string& name, PreparedStatementPtr prepared) override;
  PreparedStatementPtr find_prepared(const std::string& name) const override;
  void close_prepared(const std::string& name) override;
  std::shared_ptr<Portal> bind(const std::string& portal_name, PreparedStatementPtr prepared,
                               std::vector<Value> parameters,
                               std::vector<std::int16_t> result_formats) override;
  std::shared_ptr<Portal> find_portal(const std::string& name) const override;
  void close_portal(const std::string& name) override;

  void start(Portal& portal) override;
  bool starts_at_once(const Portal& portal) const override;
  void end_implicit(bool failed) override;
  void fail() override;
  void cancel(SqlError reason) override;
  void terminate(SqlError reason) override;

  // For the statements.
  Coordinator& coordinator() { return coordinator_; }
  const SessionOptions& options() const { return options_; }
  SessionVariables& variables() { return variables_; }
  CancelToken& cancel_token() { return cancel_; }
  Transaction& transaction();  // begins an implicit one if there is none
  bool in_transaction_block() const { return transaction_ && transaction_->is_explicit; }

  // What this session sees: its own open DDL included.
  const catalog::Catalog& catalog();
  const catalog::NameScope& scope();
  // Whether the transaction has begun to change definitions.
  bool transaction_defines() const { return transaction_ && transaction_->ddl; }
  // Which indexes of the session's cluster there are to read; changes when there is another one.
  std::uint64_t indexes_version();
  const catalog::Role& role();
  const catalog::Cluster& active_cluster();
  // Of `in_cluster` if given, else the session's; refuses system clusters. For statements that create things.
  const catalog::Cluster& target_cluster(const std::optional<ast::ClusterName>& in_cluster);
  // Begins DDL, from the definitions that the statement has seen: where they have changed since, it runs again. Refused in
  // a transaction that reads or is read-only.
  catalog::CatalogTransaction& ddl();
  void notice(Notice notice) { notices_.push_back(std::move(notice)); }
  void notice(std::string message, SqlState state = sqlstate::successful_completion,
              std::string hint = "");
  // Sent at once, although the statement goes on.
  void notice_while_waiting(std::string message);

  BindContext bind_context(Purpose purpose);
  const SessionContext& session_context();
  std::map<std::string, std::shared_ptr<Portal>>& portals() { return portals_; }
  std::map<std::string, PreparedStatementPtr>& prepared() { return prepared_; }

  void begin_block(bool read_only);
  std::string commit_block();  // the tag: COMMIT, or ROLLBACK of a failed one
  void rollback_block();

  // Runs a statement with its parameters.
  StatementResult execute(const PreparedStatement& prepared, const std::vector<Value>& parameters);
  // Planned against what the session sees now; the session's role may run it.
  std::shared_ptr<const Planned> replan(const PreparedStatement& prepared);
  void initialise_variables();
  void refresh_defaults();  // after ALTER SYSTEM or ALTER ROLE; what the session has set stays

 private:
  std::shared_ptr<const Planned> plan_now(const PreparedStatement& prepared);
  void commit(Transaction& transaction);
  void end_transaction(bool committed);

  Coordinator& coordinator_;
  SessionOptions options_;
  catalog::RoleId role_id_;
  SessionVariables variables_;
  CancelToken cancel_;
  std::unique_ptr<SqlError> terminated_;
  std::mutex terminated_mutex_;
  std::unique_ptr<Transaction> transaction_;
  std::map<std::string, PreparedStatementPtr> prepared_;
  std::map<std::string, std::shared_ptr<Portal>> portals_;
  std::vector<Notice> notices_;
  std::mutex waiting_mutex_;
  std::vector<Notice> notices_while_waiting_;
  catalog::CatalogPtr catalog_;  // taken for the statement at hand
  SessionContext context_;
  catalog::NameScope scope_;  // of variables_ at scope_version_
  std::uint64_t scope_version_ = 0;
  std::unique_ptr<CatalogAnswers> answers_;
};

// Statements, by file. Each throws SqlError and returns what the client gets.
// select.cpp
std::shared_ptr<const PlannedSelect> plan_select(SessionState& session, const ast::Query& query,
                                                 std::optional<ast::AsOf> as_of,
                                                 ParameterTypes* parameters);
// Views that an index of the session's cluster holds: queries read the index instead of computing the view.
std::set<catalog::ItemId> kept_views(SessionState& session);
std::unique_ptr<RowSource> run_select(SessionState& session, const PlannedSelect& planned,
                                      const std::vector<Value>& parameters);
// All rows of a plan at a time fit for a write: notes what it read.
std::vector<Batch> read_for_write(SessionState& session, const PlanPtr& plan,
                                  const std::vector<catalog::ItemId>& reads);
bool selects_at_once(SessionState& session, const PlannedSelect& planned);
// write.cpp
StatementResult execute_insert(SessionState& session, const ast::Insert& insert,
                               const std::vector<Value>& parameters,
                               const std::vector<Type>& types);
StatementResult execute_update(SessionState& session, const ast::Update& update,
                               const std::vector<Value>& parameters,
                               const std::vector<Type>& types);
StatementResult execute_delete(SessionState& session, const ast::Delete& statement,
                               const std::vector<Value>& parameters,
                               const std::vector<Type>& types);
void add_write(SessionState& session, storage::CollectionId table, Batch rows);
// copy.cpp
StatementResult execute_copy_from(SessionState& session, const ast::CopyFrom& copy);
CopyOptions copy_options(const std::vector<ast::Option>& options, bool from);
// subscribe.cpp
StatementResult execute_subscribe(SessionState& session, const ast::Subscribe& subscribe,
                                  const std::vector<Value>& parameters);
Schema subscribe_schema(SessionState& session, const ast::Subscribe& subscribe);
// cursor.cpp
StatementResult execute_declare(SessionState& session, const ast::Declare& declare,
                                const std::vector<Value>& parameters);
StatementResult execute_fetch(SessionState& session, const ast::Fetch& fetch);
// show.cpp: SHOW as a query over the catalog, or its rows
std::optional<std::string> show_query(SessionState& session, const ast::Show& show);
StatementResult execute_show(SessionState& session, const ast::Show& show);
Schema show_schema(SessionState& session, const ast::Show& show);
// explain_statement.cpp
StatementResult execute_explain(SessionState& session, const ast::Explain& explain);
Schema explain_schema(const ast::Explain& explain);
// set.cpp
StatementResult execute_set(SessionState& session, const ast::SetVariable& set);
StatementResult execute_alter_system(SessionState& session, const ast::AlterSystem& alter);
StatementResult execute_discard(SessionState& session, const ast::Discard& discard);
// create_*.cpp, alter.cpp, drop.cpp: everything that changes the catalog; false: not such a statement
bool execute_ddl(SessionState& session, const grammar::ParsedStatement& statement,
                 StatementResult& result);
StatementResult execute_validate(SessionState& session, const ast::ValidateConnection& validate);

}  // namespace tailrace::engine
