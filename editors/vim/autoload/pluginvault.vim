" A private store for plugins: tokens, login state, answers for one project. Encrypted, shared by all windows and editors of a
" user, and on the disk when a call has answered. `:help pluginvault` describes it.

let s:shared = {}
let s:last_error = {}
let s:deferred = []

" The data of one plugin. `key` is the plugin's name, or a dictionary: {plugin, installation} or {apiKey, mustExist}. Nothing is
" started before the first call.
function! pluginvault#Open(key) abort
  return pluginvault#Sidecar().Open(a:key)
endfunction

" The sidecar that all plugins in this Vim use. Its options are in g:pluginvault.
function! pluginvault#Sidecar() abort
  if empty(s:shared)
    let s:shared = pluginvault#New(get(g:, 'pluginvault', {}))
  endif
  return s:shared
endfunction

" A separate sidecar, for tests.
function! pluginvault#New(options) abort
  return pluginvault#sidecar#New(a:options)
endfunction

" The error of the last call that threw one: {kind, message, code, retryable, data}.
function! pluginvault#Error() abort
  return s:last_error
endfunction

function! pluginvault#Throw(error) abort
  if type(a:error) == v:t_string
    " Of the caller's own function. Vim refuses its own prefix.
    throw substitute(a:error, '^Vim\((\w\+)\)\=:', '', '')
  endif
  let s:last_error = a:error
  throw printf('pluginvault:%s: %s', a:error.kind, a:error.message)
endfunction

" An error. It contains no key and no value.
function! pluginvault#NewError(kind, message, ...) abort
  let error = {'kind': a:kind, 'message': a:message, 'retryable': v:false, 'data': {}}
  return extend(error, get(a:000, 0, {}))
endfunction

" Runs functions in their order, outside of the callback of a channel: there Vim closes no channel, and an error would cut off our
" own work.
function! pluginvault#Defer(Run) abort
  call add(s:deferred, a:Run)
  if len(s:deferred) == 1
    call timer_start(0, {-> s:RunDeferred()})
  endif
endfunction

function! s:RunDeferred() abort
  let Run = remove(s:deferred, 0)
  if !empty(s:deferred)
    call timer_start(0, {-> s:RunDeferred()})
  endif
  call Run()
endfunction

" Begins `Start(Done, request)` and hands out what `Done(err, result)` gets in the caller's way: to `Callback(err, result)`, where
" `err` is v:null without an error; or, without a callback, as the result of this call, which waits while Vim handles messages
" and timers, at most for `timeout` milliseconds, and throws errors.
function! pluginvault#Settle(Start, Callback, timeout) abort
  let request = {'cancelled': 0, 'Cancel': {-> 0}}
  let Cancel = function('s:Cancel', [request])
  if type(a:Callback) == v:t_func
    call a:Start({err, result -> pluginvault#Defer({-> a:Callback(err, result)})}, request)
    return Cancel
  endif
  let outcome = []
  call a:Start({err, result -> extend(outcome, [err, result])}, request)
  let begin = reltime()
  while empty(outcome) && reltimefloat(reltime(begin)) * 1000 < a:timeout
    call pluginvault#connection#Wait()
  endwhile
  if empty(outcome)
    call Cancel()
    let message = 'plugin-vault did not answer within %d ms, so the call was cancelled. A write may still have been carried'
          \ . ' out: read before you write again.'
    call pluginvault#Throw(pluginvault#NewError('timedOut', printf(message, a:timeout), {'retryable': v:true}))
  elseif outcome[0] isnot v:null
    call pluginvault#Throw(outcome[0])
  endif
  return outcome[1]
endfunction

function! s:Cancel(request) abort
  let a:request.cancelled = 1
  call a:request.Cancel()
endfunction
