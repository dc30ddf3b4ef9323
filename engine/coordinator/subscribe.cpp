#include "engine/coordinator/subscribe.hpp"

#include <fmt/format.h>

#include <condition_variable>
#include <map>

#include "engine/coordinator/options.hpp"
#include "engine/coordinator/read_time.hpp"
#include "engine/coordinator/required_privileges.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/optimizer/optimizer.hpp"

namespace tailrace::engine {

namespace {

// A view, table or source by name, or a query.
BoundRelation bind_subscribed(SessionState& session, const ast::Subscribe& subscribe,
                              std::vector<catalog::ItemId>* reads,
                              std::vector<catalog::ItemId>* named) {
  BindContext context = session.bind_context(Purpose::subscribe);
  context.reads = reads;
  context.dependencies = named;
  if (const auto* name = std::get_if<ast::ObjectName>(&subscribe.relation)) {
    return bind_item(session.catalog().resolve_relation(*name, session.scope()), context);
  }
  return bind_relation(*std::get<ast::Box<ast::Query>>(subscribe.relation), context);
}

struct SubscribeWith {
  bool progress = false;
  bool snapshot = true;
};

SubscribeWith read_with(const ast::Subscribe& subscribe) {
  OptionReader options(subscribe.with, "SUBSCRIBE");
  SubscribeWith with;
  with.progress = options.boolean("PROGRESS").value_or(false);
  with.snapshot = options.boolean("SNAPSHOT").value_or(true);
  options.finish();
  return with;
}

Schema output_schema(const Schema& relation, bool progress) {
  Schema schema;
  schema.columns.push_back({"mz_timestamp", TypeId::numeric, false});
  if (progress) schema.columns.push_back({"mz_progressed", TypeId::boolean, false});
  schema.columns.push_back({"mz_diff", TypeId::int8, progress});
  for (ColumnSchema column : relation.columns) {
    column.nullable = column.nullable || progress;
    schema.columns.push_back(std::move(column));
  }
  return schema;
}

// Output column names or ordinals only.
std::vector<OrderKey> order_within(const ast::Subscribe& subscribe, const Schema& schema) {
  std::vector<OrderKey> keys;
  const auto* within = std::get_if<ast::WithinTimestampOrderBy>(&subscribe.output);
  if (within == nullptr) return keys;
  for (const ast::OrderItem& item : within->items) {
    OrderKey key;
    key.column = -1;
    if (const auto* name = std::get_if<ast::ColumnName>(&item.expression->node);
        name && name->parts.size() == 1) {
      for (std::size_t i = 0; i < schema.size(); ++i) {
        if (schema.columns[i].name == name->parts.front().value) key.column = static_cast<int>(i);
      }
    } else if (const auto* number = std::get_if<ast::NumberLiteral>(&item.expression->node)) {
      const int ordinal = std::atoi(number->text.c_str());
      if (ordinal >= 1 && ordinal <= static_cast<int>(schema.size())) key.column = ordinal - 1;
    }
    if (key.column < 0) {
      throw SqlError(sqlstate::invalid_column_reference,
                     "invalid ORDER BY in SUBSCRIBE WITHIN TIMESTAMP ORDER BY")
          .position(item.expression->position);
    }
    key.descending = item.descending;
    key.nulls_first = item.nulls ? *item.nulls == ast::NullsOrder::first : item.descending;
    keys.push_back(key);
  }
  return keys;
}

// Throws, by name, once one of the relations read is gone from the store.
std::function<void()> dropped_check(SessionState& session,
                                    const std::vector<catalog::ItemId>& reads) {
  std::map<storage::CollectionId, std::string> names;
  const auto visit = [&](const auto& self, catalog::ItemId id) -> void {
    const catalog::Item& item = session.catalog().item(id);
    if (item.is_stored()) {
      names.emplace(catalog::collection_of(id), session.catalog().full_name(item));
    } else {
      for (const catalog::ItemId used : item.uses) self(self, used);
    }
  };
  for (const catalog::ItemId id : reads) visit(visit, id);
  return [&store = session.coordinator().store(), names = std::move(names)] {
    for (const auto& [collection, name] : names) {
      if (store.describe(collection)) continue;
      throw SqlError(
          sqlstate::undefined_object,
          fmt::format("query could not complete because relation \"{}\" was dropped", name));
    }
  };
}

}  // namespace

Schema subscribe_schema(SessionState& session, const ast::Subscribe& subscribe) {
  return output_schema(bind_subscribed(session, subscribe, nullptr, nullptr).schema,
                       read_with(subscribe).progress);
}

StatementResult execute_subscribe(SessionState& session, const ast::Subscribe& subscribe,
                                  const std::vector<Value>&) {
  Transaction& open = session.transaction();
  if (open.subscribed || open.read_time) {
    throw SqlError(sqlstate::read_only_sql_transaction,
                   "SUBSCRIBE in transactions must be the only read statement")
        .detail("SELECT queries cannot be combined with other query types, including SUBSCRIBE.");
  }
  if (open.has_effects())
    throw SqlError(sqlstate::read_only_sql_transaction, "transaction in write-only mode");
  if (std::holds_alternative<ast::EnvelopeUpsert>(subscribe.output))
    throw unsupported("SUBSCRIBE ENVELOPE UPSERT");
  if (std::holds_alternative<ast::EnvelopeDebezium>(subscribe.output)) {
    throw unsupported("SUBSCRIBE ENVELOPE DEBEZIUM");
  }
  const SubscribeWith with = read_with(subscribe);
  std::vector<catalog::ItemId> reads;
  std::vector<catalog::ItemId> named;
  const BoundRelation bound = bind_subscribed(session, subscribe, &reads, &named);
  if (is_restricted(session)) require(session, needs_of_reading(session, named, true));
  const std::shared_ptr<Cluster> cluster =
      session.coordinator().cluster(session.active_cluster().id);
  if (!cluster || session.active_cluster().replicas.empty()) {
    throw SqlError(sqlstate::object_not_in_prerequisite_state,
                   fmt::format("CLUSTER \"{}\" has no replicas available to service request",
                               session.active_cluster().name));
  }
  const ReadSet set = read_set(session, reads);
  std::optional<Timestamp> as_of;
  if (subscribe.as_of) as_of = evaluate_time(session, subscribe.as_of->time);
  const ReadTime at =
      choose_read_time(session, set, as_of, subscribe.as_of && subscribe.as_of->at_least);
  // The dataflow holds what it reads from here on; a block must not hold everything for as long as it lives.
  open.holds.clear();
  open.read_time.reset();
  open.subscribed = true;

  SubscribeSource::Options options;
  options.schema = output_schema(bound.schema, with.progress);
  options.progress = with.progress;
  options.as_of = at.time;
  options.order_within = order_within(subscribe, options.schema);
  if (subscribe.up_to) {
    options.up_to = evaluate_time(session, *subscribe.up_to);
    if (*options.up_to < at.time) {
      throw SqlError(
          sqlstate::invalid_parameter_value,
          fmt::format("subscription lower bound ({}) is greater than its upper bound ({})", at.time,
                      *options.up_to));
    }
  }
  options.check_dropped = dropped_check(session, reads);
  auto subscription = cluster->subscribe(optimize(bound.plan, {.maintained = true}), at.time,
                                         with.snapshot, options.up_to);
  StatementResult result;
  result.tag = "SUBSCRIBE";
  // The session's token outlives the source: portals go with the session.
  std::shared_ptr<CancelToken> cancel(&session.cancel_token(), [](CancelToken*) {});
  result.rows = std::make_unique<SubscribeSource>(std::move(subscription), cluster,
                                                  std::move(cancel), std::move(options));
  return result;
}

SubscribeSource::SubscribeSource(std::unique_ptr<Subscription> subscription,
                                 std::shared_ptr<Cluster> cluster,
                                 std::shared_ptr<CancelToken> cancel, Options options)
    : cluster_(std::move(cluster)),
      subscription_(std::move(subscription)),
      cancel_(std::move(cancel)),
      options_(std::move(options)) {}

SubscribeSource::~SubscribeSource() {
  subscription_.reset();
}

Batch SubscribeSource::progress_row(Timestamp time) const {
  const std::vector<Type> types = options_.schema.types();
  BatchBuilder row(types);
  row.column(0).append(Numeric::from_uint(time));
  row.column(1).append(std::uint8_t{1});
  for (std::size_t i = 2; i < types.size(); ++i) row.column(i).append_null();
  row.end_row(0, 1);
  return row.finish();
}

Batch SubscribeSource::output(const SubscribeBatch& changes) const {
  const Batch& rows = changes.rows;
  Batch out;
  out.rows = rows.rows;
  ColumnBuilder times(TypeId::numeric, rows.rows);
  ColumnBuilder diffs(TypeId::int8, rows.rows);
  for (std::size_t i = 0; i < rows.rows; ++i) {
    times.append(Numeric::from_uint(rows.times[i]));
    diffs.append(std::int64_t{rows.diffs[i]});
  }
  out.columns.push_back(times.finish());
  if (options_.progress)
    out.columns.push_back(Column::repeat(TypeId::boolean, Value(false), rows.rows));
  out.columns.push_back(diffs.finish());
  for (const ColumnPtr& column : rows.columns) out.columns.push_back(column);
  if (options_.order_within.empty()) return out;
  std::vector<OrderKey> keys = {OrderKey{0, false, false}};
  keys.insert(keys.end(), options_.order_within.begin(), options_.order_within.end());
  return gather(out, sort_rows(out, keys));
}

bool SubscribeSource::take_ready() {
  bool came = false;
  if (first_ && options_.progress) {
    ready_.push_back(progress_row(options_.as_of));
    came = true;
  }
  first_ = false;
  while (!ended_) {
    const std::optional<SubscribeBatch> changes = reading([&] { return subscription_->poll(); });
    if (!changes) break;
    if (!changes->rows.empty()) ready_.push_back(output(*changes));
    const Timestamp complete =
        options_.up_to ? std::min(changes->upper, *options_.up_to) : changes->upper;
    if (options_.progress && complete != timestamp_max) ready_.push_back(progress_row(complete));
    came = came || !ready_.empty();
    ended_ =
        changes->upper == timestamp_max || (options_.up_to && changes->upper >= *options_.up_to);
  }
  return came;
}

Batch SubscribeSource::pop(std::size_t rows_max) {
  Batch& front = ready_.front();
  if (rows_max == 0 || front.rows <= rows_max) {
    Batch whole = std::move(front);
    ready_.pop_front();
    return whole;
  }
  Batch part = slice(front, 0, rows_max);
  front = slice(front, rows_max, front.rows - rows_max);
  return part;
}

std::optional<Batch> SubscribeSource::next(std::size_t rows_max) {
  while (ready_.empty()) {
    if (options_.up_to && *options_.up_to <= options_.as_of) ended_ = true;
    if (take_ready()) break;
    if (ended_) return std::nullopt;
    reading([&] { return subscription_->wait(*cancel_); });
  }
  return pop(rows_max);
}

std::optional<Batch> SubscribeSource::next_until(
    std::size_t rows_max, std::optional<std::chrono::steady_clock::time_point> deadline,
    CancelToken& cancel) {
  if (ready_.empty()) take_ready();
  if (!ready_.empty()) return pop(rows_max);
  if (ended_) return std::nullopt;
  if (!deadline) return next(rows_max);
  // Woken by progress, by the deadline, or by a cancellation.
  struct Wake {
    std::mutex mutex;
    std::condition_variable condition;
    bool woken = false;
  };
  auto wake = std::make_shared<Wake>();
  const auto notify = [wake] {
    std::lock_guard lock(wake->mutex);
    wake->woken = true;
    wake->condition.notify_all();
  };
  subscription_->on_progress(notify);
  const CancelToken::Registration registration(cancel, notify);
  for (;;) {
    cancel.check();
    if (take_ready()) return pop(rows_max);
    if (ended_) return std::nullopt;
    std::unique_lock lock(wake->mutex);
    if (!wake->condition.wait_until(lock, *deadline, [&] { return wake->woken; })) break;
    wake->woken = false;
  }
  return empty_batch(options_.schema.types());
}

}  // namespace tailrace::engine
