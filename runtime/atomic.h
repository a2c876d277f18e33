/* runtime/atomic.h -- the atomic words of the inbox: C11, or relacy's when a model is built.
 *
 * What the model checker proves must be what ships, so inbox.c is written against these names and
 * the same text is compiled twice. By default they are C11's <stdatomic.h> and plain fields.
 * With RT_RELACY defined (tests/models/inbox_relacy.cpp alone does, in C++), an atomic word becomes
 * a relacy atomic with its weak memory model, and a plain field one that reports data races.
 *
 * RT_ATOMIC(type), RT_PLAIN(type)   the type of a shared word; of a field that its owner alone uses
 * rt_load, rt_store, rt_exchange    on the address of an atomic word, with one of the orders below
 * rt_cas_weak, rt_cas_strong        compare and exchange; a failure is always relaxed, for it only
 *                                   brings `*expected` up to date and nothing is read through it
 * rt_get, rt_set                    on a plain field (not on its address)
 *
 * Nothing but runtime/inbox needs these. What else is shared between threads is C11's own atomics:
 * counts of references and of log lines, flags, what the watchdog reads, and what the heaps send each
 * other home (heap.c).
 */
#ifndef RUNTIME_ATOMIC_H
#define RUNTIME_ATOMIC_H

#ifdef RT_RELACY

/* relacy/relacy.hpp stands above this in the model, and with it an assert() that ends a schedule:
 * including <assert.h> here would bring the one back that ends the process. */
#define RT_ATOMIC(type) rl::atomic<type>
#define RT_PLAIN(type)  rl::var<type>
#define RT_OWN_LINE

#define rt_relaxed rl::mo_relaxed
#define rt_acquire rl::mo_acquire
#define rt_release rl::mo_release

#define rt_load(word, order)            (word)->load((order), $)
#define rt_store(word, value, order)    (word)->store((value), (order), $)
#define rt_exchange(word, value, order) (word)->exchange((value), (order), $)
#define rt_cas_weak(word, expected, value, order)                                                  \
    (word)->compare_exchange_weak(*(expected), (value), (order), $, rl::mo_relaxed, $)
#define rt_cas_strong(word, expected, value, order)                                                \
    (word)->compare_exchange_strong(*(expected), (value), (order), $, rl::mo_relaxed, $)

#define rt_get(field)        ((field)($).load())
#define rt_set(field, value) ((field)($).store(value))

#else

#include <assert.h>
#include <stdatomic.h>

#define RT_ATOMIC(type) _Atomic(type)
#define RT_PLAIN(type)  type
#define RT_OWN_LINE     _Alignas(64)

#define rt_relaxed memory_order_relaxed
#define rt_acquire memory_order_acquire
#define rt_release memory_order_release

#define rt_load(word, order)            atomic_load_explicit((word), (order))
#define rt_store(word, value, order)    atomic_store_explicit((word), (value), (order))
#define rt_exchange(word, value, order) atomic_exchange_explicit((word), (value), (order))
#define rt_cas_weak(word, expected, value, order)                                                  \
    atomic_compare_exchange_weak_explicit((word), (expected), (value), (order),                    \
                                          memory_order_relaxed)
#define rt_cas_strong(word, expected, value, order)                                                \
    atomic_compare_exchange_strong_explicit((word), (expected), (value), (order),                  \
                                            memory_order_relaxed)

#define rt_get(field)        (field)
#define rt_set(field, value) ((field) = (value))

#endif
#endif
