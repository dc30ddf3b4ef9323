// Asio, as the server uses it. Private to this folder: it costs seconds to compile.
#pragma once

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <type_traits>

#include "server/worker_pool.hpp"

namespace tailrace::server {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

// Operations that give their error instead of throwing it.
inline constexpr auto no_throw = asio::as_tuple(asio::use_awaitable);

// Runs `function` on a worker while the coroutine waits; its thread goes on with others.
template <class Function>
asio::awaitable<std::invoke_result_t<Function&>> on_worker(WorkerPool& pool, Function function) {
  using Result = std::invoke_result_t<Function&>;
  const auto executor = co_await asio::this_coro::executor;
  std::optional<Result> result;
  std::exception_ptr error;
  auto start = [&](auto handler) {
    auto shared = std::make_shared<decltype(handler)>(std::move(handler));
    pool.run([&, shared] {
      try {
        result.emplace(function());
      } catch (...) {
        error = std::current_exception();
      }
      asio::post(executor, [shared] { (*shared)(); });
    });
  };
  co_await asio::async_initiate<const asio::use_awaitable_t<>&, void()>(start, asio::use_awaitable);
  if (error) std::rethrow_exception(error);
  co_return std::move(*result);
}

}  // namespace tailrace::server
