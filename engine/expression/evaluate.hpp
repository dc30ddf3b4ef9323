// Scalars over batches, vectorised, with an error per row where one arises. Shared by both ways of running.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "engine/plan/plan.hpp"
#include "repr/cancel.hpp"

namespace tailrace::engine {

// What stable and volatile functions may ask. Immutable during a statement; absent in dataflows.
struct SessionContext {
  std::string current_user;
  std::string session_user;
  std::string database;
  std::vector<std::string> search_path;
  std::int64_t now_microseconds = 0;  // statement start, since 2000-01-01 UTC
  std::int64_t transaction_microseconds = 0;
  std::string server_version;
  // Catalog questions (regclass casts, has_*_privilege, pg_get_viewdef, ...), answered by the catalog the session
  // plans against. Interface in functions/catalog_questions.hpp; nullptr: not available here.
  const class CatalogQuestions* catalog = nullptr;
};

struct EvaluationContext {
  const SessionContext* session = nullptr;
  std::optional<Timestamp> mz_now;  // what mz_now() is; none: an error to ask
  CancelToken* cancel = nullptr;
};

// Errors of some rows, ascending by row; at most one a row.
using RowErrors = std::vector<std::pair<std::uint32_t, DataError>>;

struct Evaluated {
  ColumnPtr column;  // a row with an error has NULL here
  RowErrors errors;
};

Evaluated evaluate(const ScalarPtr& scalar, const Batch& input, const EvaluationContext& context);
// A scalar without columns. Throws what it raises.
Value evaluate_constant(const ScalarPtr& scalar, const EvaluationContext& context);

struct MapFilterProjectResult {
  Batch rows;    // times and diffs of the input rows
  Batch errors;  // of error_schema(), with time and diff of the row that failed; may be without columns if empty
};
// Applies maps, predicates and projection. A row whose predicate or needed map fails becomes an error; a row that any
// predicate drops (false or NULL) raises none. valid_from / valid_until are not looked at: see below.
MapFilterProjectResult apply(const plan::MapFilterProject& node, const Batch& input,
                             const EvaluationContext& context);

// As `apply`, for temporal filters: every input row also has the interval [from, until) of times in which it exists,
// within its own time onwards. The result has for each input row an insertion at max(time, from) and, if until is
// not the end of time, a retraction at until; empty intervals give nothing.
MapFilterProjectResult apply_temporal(const plan::MapFilterProject& node, const Batch& input,
                                      const EvaluationContext& context);
// The rows that exist at `time`.
MapFilterProjectResult apply_at(const plan::MapFilterProject& node, const Batch& input, Timestamp time,
                                const EvaluationContext& context);

}  // namespace tailrace::engine
