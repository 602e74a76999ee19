// SPDX-License-Identifier: Apache-2.0
// FunctionRef<R(Args...)>: a reference to anything callable, for parameters. It is two words, allocates nothing and may
// be copied freely; in return it must not outlive what it refers to, so a lambda is passed, never stored.
// The idea is that of std::function_ref (C++26, P0792), which our compiler does not have yet.
#pragma once

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace redipy {

template <typename Signature>
class FunctionRef;

template <typename R, typename... Args>
class FunctionRef<R(Args...)> {
 public:
  // From a function or any callable object; implicit, so that a call site just writes the lambda.
  template <typename F>
  requires(!std::is_same_v<std::remove_cvref_t<F>, FunctionRef> && std::is_invocable_r_v<R, F&, Args...>)
      FunctionRef(F&& callable)
  noexcept {  // NOLINT(google-explicit-constructor)
    using Target = std::remove_reference_t<F>;
    if constexpr (std::is_function_v<Target>) {
      target_.function = reinterpret_cast<void (*)()>(&callable);
      call_ = [](Pointee target, Args... args) -> R {
        return std::invoke(reinterpret_cast<Target*>(target.function), std::forward<Args>(args)...);
      };
    } else {
      target_.object = std::addressof(callable);
      call_ = [](Pointee target, Args... args) -> R {
        // The constness of the callable is restored here: Target is const where it was.
        return static_cast<R>(
            std::invoke(*static_cast<Target*>(const_cast<void*>(target.object)), std::forward<Args>(args)...));
      };
    }
  }

  R operator()(Args... args) const { return call_(target_, std::forward<Args>(args)...); }

 private:
  union Pointee {
    const void* object;
    void (*function)();
  };

  Pointee target_;
  R (*call_)(Pointee, Args...);
};

}  // namespace redipy
