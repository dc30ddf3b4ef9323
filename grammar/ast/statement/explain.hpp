// EXPLAIN.
#pragma once

#include <optional>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/statement/data.hpp"
#include "grammar/ast/statement/object_kind.hpp"

namespace tailrace::ast {

struct Statement;

enum class ExplainStage {
  raw,
  decorrelated,
  locally_optimized,
  optimized,
  physical,
  trace,
  insights
};
enum class ExplainFormat { text, verbose_text, json };

// VIEW name | MATERIALIZED VIEW name | INDEX name
struct ExplainObject {
  ObjectKind kind = ObjectKind::view;
  ObjectName name;
  bool replan = false;
};
// SELECT, SUBSCRIBE, CREATE VIEW, CREATE MATERIALIZED VIEW, CREATE INDEX
struct ExplainStatement {
  Box<Statement> statement;
  bool broken = false;
};
using Explainee = std::variant<ExplainObject, ExplainStatement>;

struct ExplainPlan {
  std::optional<ExplainStage> stage;    // absent: no `.. PLAN`, so compact physical text
  std::vector<Option> with;             // ARITY, KEYS, ..; bare or with a boolean
  std::optional<ExplainFormat> format;  // absent: by stage
  Explainee explainee;
};

struct ExplainTimestamp {
  std::optional<ExplainFormat> format;
  SelectStatement query;
};

struct ExplainFilterPushdown {
  std::variant<SelectStatement, ObjectName> target;  // ObjectName: MATERIALIZED VIEW
};

enum class AnalyzeProperty { cpu, memory };

struct ExplainAnalyze {
  std::vector<AnalyzeProperty> properties;  // empty: HINTS
  bool with_skew = false;
  std::optional<ExplainObject> object;  // absent: CLUSTER
  bool as_sql = false;
};

struct Explain {
  std::variant<ExplainPlan, ExplainTimestamp, ExplainFilterPushdown, ExplainAnalyze> node;
};

}  // namespace tailrace::ast
