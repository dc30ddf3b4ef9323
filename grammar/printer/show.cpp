// SHOW and EXPLAIN.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write_filter(Writer& w, const ast::ShowFilter& filter) {
  if (auto* like = std::get_if<ast::LikeFilter>(&filter)) {
    w << " LIKE ";
    w.literal(quoted_literal(like->pattern));
  } else if (auto* where = std::get_if<ast::WhereFilter>(&filter)) {
    w << " WHERE ";
    write(w, where->condition);
  }
}

template <class Name>
void write_after(Writer& w, std::string_view word, const std::optional<Name>& name) {
  if (!name) return;
  w << word;
  write(w, *name);
}

struct ShowVisitor {
  Writer& w;

  void operator()(const ast::ShowObjects& s) {
    w << "SHOW " << (s.kind ? plural_keywords(*s.kind) : "OBJECTS");
    write_after(w, " FROM ", s.from);
    write_after(w, " ON ", s.on);
    write_after(w, " IN CLUSTER ", s.in_cluster);
    write_filter(w, s.filter);
  }
  void operator()(const ast::ShowColumns& s) {
    w << "SHOW COLUMNS FROM ";
    write(w, s.relation);
    write_filter(w, s.filter);
  }
  void operator()(const ast::ShowCreate& s) {
    w << (s.redacted ? "SHOW REDACTED CREATE " : "SHOW CREATE ") << keywords(s.kind) << " ";
    write(w, s.name);
  }
  void operator()(const ast::ShowPrivileges& s) {
    w << (s.defaults ? "SHOW DEFAULT PRIVILEGES" : "SHOW PRIVILEGES");
    if (s.kind) w << " ON " << plural_keywords(*s.kind);
    write_after(w, " FOR ", s.role);
  }
  void operator()(const ast::ShowRoleMembership& s) {
    w << "SHOW ROLE MEMBERSHIP";
    write_after(w, " FOR ", s.role);
  }
  void operator()(const ast::ShowVariable& s) {
    w << "SHOW ";
    write(w, s.name);
  }
  void operator()(const ast::ShowAllVariables&) { w << "SHOW ALL"; }
};

void write_format(Writer& w, const std::optional<ast::ExplainFormat>& format) {
  constexpr std::string_view words[] = {" AS TEXT", " AS VERBOSE TEXT", " AS JSON"};
  if (format) w << words[static_cast<int>(*format)];
}

void write_object(Writer& w, const ast::ExplainObject& object) {
  w << (object.replan ? "REPLAN " : "") << keywords(object.kind) << " ";
  write(w, object.name);
}

struct ExplainVisitor {
  Writer& w;

  void operator()(const ast::ExplainPlan& s) {
    constexpr std::string_view stages[] = {
        " RAW PLAN",      " DECORRELATED PLAN", " LOCALLY OPTIMIZED PLAN", " OPTIMIZED PLAN",
        " PHYSICAL PLAN", " OPTIMIZER TRACE",   " PLAN INSIGHTS"};
    w << "EXPLAIN";
    if (s.stage) w << stages[static_cast<int>(*s.stage)];
    write_with(w, s.with);
    write_format(w, s.format);
    w << (s.stage ? " FOR " : " ");
    if (auto* object = std::get_if<ast::ExplainObject>(&s.explainee))
      return write_object(w, *object);
    auto& statement = std::get<ast::ExplainStatement>(s.explainee);
    w << (statement.broken ? "BROKEN " : "");
    write(w, *statement.statement);
  }
  void operator()(const ast::ExplainTimestamp& s) {
    w << "EXPLAIN TIMESTAMP";
    write_format(w, s.format);
    w << " FOR ";
    write(w, s.query);
  }
  void operator()(const ast::ExplainFilterPushdown& s) {
    w << "EXPLAIN FILTER PUSHDOWN FOR ";
    if (std::holds_alternative<ast::ObjectName>(s.target)) w << "MATERIALIZED VIEW ";
    std::visit([&](const auto& target) { write(w, target); }, s.target);
  }
  void operator()(const ast::ExplainAnalyze& s) {
    w << "EXPLAIN ANALYZE" << (s.object ? "" : " CLUSTER");
    if (s.properties.empty()) w << " HINTS";
    for (std::size_t i = 0; i < s.properties.size(); ++i)
      w << (i > 0 ? ", " : " ")
        << (s.properties[i] == ast::AnalyzeProperty::cpu ? "CPU" : "MEMORY");
    if (s.with_skew) w << " WITH SKEW";
    if (s.object) {
      w << " FOR ";
      write_object(w, *s.object);
    }
    if (s.as_sql) w << " AS SQL";
  }
};

}  // namespace

void write(Writer& w, const ast::Show& s) {
  std::visit(ShowVisitor{w}, s.node);
}

void write(Writer& w, const ast::Explain& s) {
  std::visit(ExplainVisitor{w}, s.node);
}

}  // namespace tailrace::grammar::printer
