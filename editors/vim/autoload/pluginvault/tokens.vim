" Tokens that a service replaces: read while they are fresh, refreshed by one window at a time, and never lost. The rules are those
" of docs/recipes.md.

let s:lease = 60000
let s:pause = 200
let s:longest_pause = 5000

" `options`: name, the name of the record and of the lease; Refresh(tokens, Done), which asks the service for new tokens and calls
" Done(err, tokens), with v:null if the service refuses the old ones; IsFresh(tokens), by default whether `expiresAt` is later than
" now, in milliseconds since 1970; reads, how often Get looks for the successor of refused tokens, by default 300, five a second.
function! pluginvault#tokens#New(vault, options) abort
  let self = {'vault': a:vault, 'options': a:options, 'address': {'name': a:options.name}, 'runs': []}
  let self.refused = v:null
  let self.given_up = 0
  let self.Get = function('s:Get', [self])
  let self.Set = function('s:Set', [self])
  let self.Clear = function('s:Clear', [self])
  return self
endfunction

function! s:LoginNeeded(reason) abort
  let why = a:reason ==# 'missing' ? 'no tokens are stored' : 'the service has refused the stored tokens'
  return pluginvault#NewError('loginNeeded', 'Please log in, because ' . why . '.', {'data': {'reason': a:reason}})
endfunction

" Whether two tokens are the same, for the service that spends them.
function! s:Same(one, other) abort
  if type(a:one) != v:t_dict || type(a:other) != v:t_dict
    return 0
  elseif has_key(a:one, 'refreshToken') && has_key(a:other, 'refreshToken')
    return a:one.refreshToken ==# a:other.refreshToken
  endif
  return a:one ==# a:other
endfunction

function! s:Usable(self, tokens, rejected) abort
  let expires = get(a:tokens, 'expiresAt', 0)
  let IsFresh = get(a:self.options, 'IsFresh', {-> type(expires) == v:t_number && expires > localtime() * 1000})
  return IsFresh(a:tokens) && !(type(a:rejected) == v:t_dict && a:tokens ==# a:rejected)
endfunction

" Valid tokens. `rejected`, an option, are tokens for which the service has just answered that they are not valid.
function! s:Get(self, ...) abort
  let [options, Callback] = pluginvault#vault#Rest(a:000)
  let timeout = get(options, 'timeout', 2 * s:lease)
  return pluginvault#Settle({Done, _ -> s:Share(a:self, get(options, 'rejected', v:null), Done)}, Callback, timeout)
endfunction

" Calls at the same time share one run.
function! s:Share(self, rejected, Done) abort
  for run in a:self.runs
    if run.rejected ==# a:rejected
      call add(run.waiting, a:Done)
      return
    endif
  endfor
  let run = {'self': a:self, 'rejected': a:rejected, 'waiting': [a:Done], 'reads': 0}
  call add(a:self.runs, run)
  call s:Read(run)
endfunction

function! s:End(run, err, tokens) abort
  call filter(a:run.self.runs, {_, each -> each isnot a:run})
  for Done in a:run.waiting
    call Done(a:err, deepcopy(a:tokens))
  endfor
endfunction

function! s:Read(run) abort
  call a:run.self.vault.Get('user', a:run.self.address, {err, stored -> s:Look(a:run, err, stored)})
endfunction

function! s:Look(run, err, stored) abort
  let self = a:run.self
  if a:err isnot v:null
    call s:End(a:run, a:err, v:null)
  elseif a:stored is v:null
    call s:End(a:run, s:LoginNeeded('missing'), v:null)
  elseif s:Same(a:stored, self.refused)
    " Another window may have spent them, and be about to store their successor.
    if self.given_up || a:run.reads >= get(self.options, 'reads', 300)
      let self.given_up = 1
      return s:End(a:run, s:LoginNeeded('refused'), v:null)
    endif
    let a:run.reads += 1
    call timer_start(s:pause, {-> s:Read(a:run)})
  elseif s:Usable(self, a:stored, a:run.rejected)
    call s:End(a:run, v:null, a:stored)
  else
    let self.given_up = 0
    call self.vault.Acquire(self.options.name, s:lease, {'waitMs': s:lease}, {err, lease -> s:Acquired(a:run, err, lease)})
  endif
endfunction

function! s:Acquired(run, err, lease) abort
  if a:err isnot v:null
    let again = index(['leaseHeld', 'outcomeUnknown'], a:err.kind) >= 0
    return again ? s:Read(a:run) : s:End(a:run, a:err, v:null)
  endif
  let self = a:run.self
  let a:run.lease = a:lease.lease
  let Renew = {-> self.vault.Renew(self.options.name, a:lease.lease, {-> 0})}
  let a:run.timer = timer_start(s:lease / 3, {-> Renew()}, {'repeat': -1})
  call self.vault.Record('user', self.address, {err, record -> s:Refresh(a:run, err, record)})
endfunction

" Ends the lease, then the run; or reads again.
function! s:Release(run, Next) abort
  call timer_stop(a:run.timer)
  " Without an answer the lease expires.
  call a:run.self.vault.Release(a:run.self.options.name, a:run.lease, {-> a:Next()})
endfunction

function! s:Refresh(run, err, record) abort
  let self = a:run.self
  if a:err isnot v:null
    return s:Release(a:run, {-> s:End(a:run, a:err, v:null)})
  elseif a:record is v:null || s:Same(a:record.data, self.refused)
    return s:Release(a:run, {-> s:Read(a:run)})
  elseif s:Usable(self, a:record.data, a:run.rejected)
    return s:Release(a:run, {-> s:End(a:run, v:null, a:record.data)})
  endif
  let a:run.record = a:record
  try
    call self.options.Refresh(deepcopy(a:record.data), {err, tokens -> s:Refreshed(a:run, err, tokens)})
  catch
    call s:Refreshed(a:run, v:exception, v:null)
  endtry
endfunction

function! s:Refreshed(run, err, tokens) abort
  if a:err isnot v:null
    call s:Release(a:run, {-> s:End(a:run, a:err, v:null)})
  elseif a:tokens is v:null
    let a:run.self.refused = a:run.record.data
    call s:Release(a:run, {-> s:Read(a:run)})
  else
    let store = {'run': a:run, 'tokens': a:tokens, 'revision': a:run.record.revision, 'lease': a:run.lease, 'tries': 0}
    call s:Store(store)
  endif
endfunction

" Stores the successor of spent tokens. It may be the only valid token, so it is dropped only for a newer one.
function! s:Store(store) abort
  let self = a:store.run.self
  let write = extend({'ifRevision': a:store.revision}, self.address)
  if a:store.lease > 0
    let write.lease = a:store.lease
  endif
  call self.vault.Set('user', a:store.tokens, write, {err, _ -> s:Stored(a:store, err)})
endfunction

function! s:Stored(store, err) abort
  let run = a:store.run
  if a:err is v:null
    call s:Release(run, {-> s:End(run, v:null, a:store.tokens)})
  elseif index(['leaseLost', 'revisionConflict', 'outcomeUnknown'], a:err.kind) >= 0
    let a:store.lease = 0
    call s:Again(a:store)
  elseif s:MayPass(a:err)
    let a:store.tries += 1
    call timer_start(min([50 * a:store.tries, s:longest_pause]), {-> s:Again(a:store)})
  else
    call s:Release(run, {-> s:End(run, a:err, v:null)})
  endif
endfunction

function! s:MayPass(err) abort
  return a:err.retryable is v:true || a:err.kind ==# 'storeFailed'
endfunction

" Reads what is stored now, to decide about a write that was refused or not answered.
function! s:Again(store) abort
  let self = a:store.run.self
  call self.vault.Record('user', self.address, {err, now -> s:Decide(a:store, err, now)})
endfunction

function! s:Decide(store, err, now) abort
  let run = a:store.run
  if a:err isnot v:null && s:MayPass(a:err)
    call s:Stored(a:store, a:err)
  elseif a:err isnot v:null
    call s:Release(run, {-> s:End(run, a:err, v:null)})
  elseif a:now is v:null
    call s:Release(run, {-> s:End(run, s:LoginNeeded('missing'), v:null)})
  elseif s:Same(a:now.data, run.record.data)
    let a:store.revision = a:now.revision
    call s:Store(a:store)
  else
    call s:Release(run, {-> s:End(run, v:null, a:now.data)})
  endif
endfunction

" Stores tokens, after a login.
function! s:Set(self, tokens, ...) abort
  let a:self.runs = []
  return call(a:self.vault.Set, ['user', a:tokens, a:self.address] + a:000)
endfunction

" Deletes the tokens, at a logout.
function! s:Clear(self, ...) abort
  let a:self.runs = []
  return call(a:self.vault.Delete, ['user', a:self.address] + a:000)
endfunction
