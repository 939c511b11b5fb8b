" Runs the cases of the conformance suite in Vim, through the plugin's public functions:
"
"   vim -es -S conformance.vim
"
" with these variables: CASES, a file with the list of cases; OUTCOMES, the file for the outcomes; STORE, a folder for the store.

let s:folders = ['file:///conformance/folder%201', 'file:///conformance/folder%202']
let s:deadline = 20

" The calls of the protocol as functions of the plugin: the leading parameters, and the member that the result is.
let s:verbs = {
      \ 'setPersistentData': ['Set', ['context', 'data'], 'revision'],
      \ 'getPersistentData': ['Get', ['context'], ''],
      \ 'getPersistentRecord': ['Record', ['context'], ''],
      \ 'patchPersistentData': ['Patch', ['context', 'patch'], 'revision'],
      \ 'deletePersistentData': ['Delete', ['context'], ''],
      \ 'listPersistentData': ['List', [], ''],
      \ 'movePersistentData': ['Move', ['from', 'to'], ''],
      \ 'acquireLease': ['Acquire', ['name', 'ttlMs'], ''],
      \ 'renewLease': ['Renew', ['name', 'lease'], ''],
      \ 'releaseLease': ['Release', ['name', 'lease'], ''],
      \ 'shareAPIKey': ['Share', [], ''],
      \ 'listAPIKeys': ['Keys', [], ''],
      \ 'rotateAPIKey': ['Rotate', [], ''],
      \ 'revokeAPIKey': ['Revoke', [], ''],
      \ }

function! s:Fail(...) abort
  throw 'WRONG ' . join(map(copy(a:000), {_, each -> type(each) == v:t_string ? each : string(each)[: 200]}), ' ')
endfunction

function! s:WaitUntil(Condition) abort
  let begin = reltime()
  while !a:Condition()
    if reltimefloat(reltime(begin)) > s:deadline
      call s:Fail('nothing happened for', s:deadline, 's')
    endif
    call pluginvault#connection#Wait()
  endwhile
endfunction

function! s:RandomHex(bytes) abort
  return join(map(range(a:bytes), {-> printf('%02x', rand(s:seed) % 256)}), '')
endfunction
let s:seed = srand()

function! s:OpenWindow(key, folders) abort
  let window = {'folders': a:folders, 'notices': [], 'tokens': {}}
  let window.sidecar = pluginvault#New({
        \ 'dataDir': $STORE . '/data',
        \ 'keyDir': $STORE . '/keys',
        \ 'Folders': {-> window.folders},
        \ })
  let window.vault = window.sidecar.Open(a:key)
  return window
endfunction

" Makes a call. With a callback it goes on at once, and returns a function that cancels.
function! s:CallMethod(window, method, params, Callback) abort
  if a:method ==# 'vault/status'
    return a:window.sidecar.Status()
  elseif a:method ==# 'vault/lock'
    return a:window.sidecar.Lock()
  elseif a:method ==# 'vault/unlock'
    return a:window.sidecar.Unlock(a:params)
  elseif a:method ==# 'watchPersistentData'
    let a:window.watch = a:window.vault.Watch({change -> add(a:window.notices, change)}, a:params)
    return {'watching': v:true, 'revision': a:window.watch.since}
  elseif a:method ==# 'unwatchPersistentData'
    call a:window.watch.Close()
    return {'watching': v:false, 'revision': a:window.watch.revision}
  endif
  let [verb, leading, member] = s:verbs[a:method]
  let options = copy(a:params)
  let given = map(copy(leading), {_, name -> remove(options, name)}) + [options]
  let Whole = {answer -> empty(member) ? answer : {member : answer}}
  if type(a:Callback) == v:t_func
    return call(a:window.vault[verb], given + [{err, answer -> a:Callback(err, err is v:null ? Whole(answer) : answer)}])
  endif
  return Whole(call(a:window.vault[verb], given))
endfunction

function! s:Kill(window) abort
  let running = a:window.sidecar.connection
  call job_stop(running.job, 'kill')
  call s:WaitUntil({-> running.over})
endfunction

function! s:NewRun(case) abort
  let run = {'case': a:case, 'opened': [], 'windows': {}, 'begun': {}, 'fault': ''}
  let open = get(a:case, 'folders', 1)
  let run.folders = open > 0 ? s:folders[: open - 1] : []
  let run.plugin = 'conformance.' . s:RandomHex(8)
  let key1 = s:RandomHex(20)
  let run.variables = {'folder1': s:folders[0], 'folder2': s:folders[1], 'key1': key1, 'key2': s:RandomHex(20), 'KEY1': toupper(key1)}
  return run
endfunction

" Replaces the variables and the long texts in the parameters of a step.
function! s:Fill(run, value) abort
  if type(a:value) == v:t_string
    let name = matchstr(a:value, '^\${\zs\w\+\ze}$')
    return empty(name) ? a:value : a:run.variables[name]
  elseif type(a:value) == v:t_dict && has_key(a:value, '$repeat')
    return repeat(a:value['$repeat'][0], a:value['$repeat'][1])
  elseif type(a:value) == v:t_dict || type(a:value) == v:t_list
    return map(copy(a:value), {_, each -> s:Fill(a:run, each)})
  endif
  return a:value
endfunction

function! s:IsAny(what, value) abort
  if a:what ==# 'number' || a:what ==# 'revision'
    return type(a:value) == v:t_number && a:value >= (a:what ==# 'number' ? 0 : 1)
  endif
  let patterns = {'text': '.', 'time': '^\d\{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d\{3}Z$', 'key': '^[0-9a-f]\{40}$'}
  return type(a:value) == v:t_string && a:value =~# patterns[a:what]
endfunction

function! s:Match(run, actual, expected, where) abort
  if type(a:expected) == v:t_dict && has_key(a:expected, '$any')
    if !s:IsAny(a:expected['$any'], a:actual)
      call s:Fail(a:where, a:actual, 'is not', a:expected['$any'])
    endif
  elseif type(a:expected) == v:t_dict && has_key(a:expected, '$above')
    if !s:IsAny('revision', a:actual) || a:actual <= a:run.variables[a:expected['$above']]
      call s:Fail(a:where, a:actual, 'is not above', a:run.variables[a:expected['$above']])
    endif
  elseif (type(a:expected) == v:t_dict && !has_key(a:expected, '$repeat')) || type(a:expected) == v:t_list
    if type(a:actual) != type(a:expected)
      call s:Fail(a:where, a:actual, 'is not', a:expected)
    endif
    call s:MatchMembers(a:run, a:actual, a:expected, a:where)
  else
    let value = s:Fill(a:run, a:expected)
    if type(a:actual) != type(value) || a:actual !=# value
      call s:Fail(a:where, a:actual, 'is not', value)
    endif
  endif
endfunction

function! s:MatchMembers(run, actual, expected, where) abort
  if type(a:expected) == v:t_list
    if len(a:actual) != len(a:expected)
      call s:Fail(a:where, a:actual, 'has another length than', a:expected)
    endif
    for at in range(len(a:expected))
      call s:Match(a:run, a:actual[at], a:expected[at], a:where . ', ' . at)
    endfor
    return
  endif
  for name in keys(a:actual)
    if !has_key(a:expected, name) && !has_key(a:expected, '$more')
      call s:Fail(a:where, 'unexpected member', name)
    endif
  endfor
  for [name, each] in items(a:expected)
    if name !=# '$more'
      if !has_key(a:actual, name)
        call s:Fail(a:where, 'no member', name)
      endif
      call s:Match(a:run, a:actual[name], each, a:where . ', ' . name)
    endif
  endfor
endfunction

function! s:Matches(run, actual, expected) abort
  try
    call s:Match(a:run, a:actual, a:expected, '')
    return 1
  catch /^WRONG/
    return 0
  endtry
endfunction

function! s:MatchInAnyOrder(run, actual, expected) abort
  if type(a:actual) != v:t_list || len(a:actual) != len(a:expected)
    call s:Fail('the answer has another length:', a:actual)
  endif
  let left = copy(a:actual)
  for each in a:expected
    let found = filter(range(len(left)), {_, at -> s:Matches(a:run, left[at], each)})
    if empty(found)
      call s:Fail(each, 'is not in', left)
    endif
    call remove(left, found[0])
  endfor
endfunction

" Compares how a call has ended with what the step expects.
function! s:Settle(run, step, err, answer) abort
  if a:err isnot v:null
    if type(a:err) != v:t_dict
      if !has_key(a:step, 'throws') || stridx(a:err, a:step.throws) < 0
        call s:Fail(a:err)
      endif
      return
    elseif !has_key(a:step, 'error')
      call s:Fail('unexpected error', a:err)
    endif
    let expected = type(a:step.error) == v:t_string ? {'kind': a:step.error} : copy(a:step.error)
    let expected['$more'] = v:true
    let expected.data = extend({'$more': v:true}, get(expected, 'data', {}))
    return s:Match(a:run, a:err, expected, 'the error')
  elseif has_key(a:step, 'error') || has_key(a:step, 'throws')
    call s:Fail('an error was expected, and the answer was', a:answer)
  endif
  if has_key(a:step, 'unordered')
    call s:MatchInAnyOrder(a:run, a:answer, a:step.answer)
  elseif has_key(a:step, 'answer')
    call s:Match(a:run, a:answer, a:step.answer, 'the answer')
  endif
  for [member, variable] in items(get(a:step, 'save', {}))
    let a:run.variables[variable] = a:answer[member]
  endfor
endfunction

function! s:Open(run, name, as) abort
  let installation = a:as is# 'another installation' ? 'another' : 'conformance'
  let plugin = a:run.plugin . (a:as is# 'another plugin' ? '.another' : '')
  let key = type(a:as) == v:t_dict ? s:Fill(a:run, a:as) : {'plugin': plugin, 'installation': installation}
  let window = s:OpenWindow(key, a:run.folders)
  call add(a:run.opened, window)
  let passphrase = get(a:run.case, 'passphrase', '')
  if !empty(passphrase) && !window.sidecar.Status().locked
    call window.sidecar.Unlock({'passphrase': passphrase})
  endif
  try
    call window.vault.Ready()
  catch /^pluginvault:keyUnavailable:/
    " A window opens also while the store is locked; its calls report that.
    if empty(passphrase)
      throw v:exception
    endif
  endtry
  let a:run.windows[a:name] = window
  return window
endfunction

function! s:Window(run, name) abort
  return has_key(a:run.windows, a:name) ? a:run.windows[a:name] : s:Open(a:run, a:name, '')
endfunction

" The one object for each window and name, and its queue of expected refreshes.
function! s:Tokens(run, window, name) abort
  if !has_key(a:window.tokens, a:name)
    let queue = []
    let options = {'name': a:name, 'reads': 3, 'Refresh': {tokens, Done -> s:Refresh(a:run, queue, tokens, Done)}}
    if has_key(a:run.case, 'fresh')
      let options.IsFresh = {tokens -> index(a:run.case.fresh, tokens.accessToken) >= 0}
    endif
    let a:window.tokens[a:name] = {'object': a:window.vault.Tokens(options), 'queue': queue}
  endif
  return a:window.tokens[a:name]
endfunction

function! s:Refresh(run, queue, tokens, Done) abort
  if empty(a:queue)
    let a:run.fault = 'the refresh function was called once more than expected'
    throw a:run.fault
  endif
  let expected = remove(a:queue, 0)
  try
    call s:Match(a:run, a:tokens, expected.gets, 'the argument of refresh')
    for step in get(expected, 'during', [])
      call s:Step(a:run, step)
    endfor
  catch
    let a:run.fault = v:exception . ' at ' . v:throwpoint
  endtry
  if has_key(expected, 'fails')
    throw expected.fails
  endif
  call a:Done(v:null, s:Fill(a:run, expected.gives))
endfunction

" Begins the call of a step. There is a callback if the case goes on before the call ends.
function! s:Call(run, step, window, Callback) abort
  let params = s:Fill(a:run, get(a:step, 'with', {}))
  let verb = matchstr(a:step.call, '^tokens\.\zs\w\+$')
  if empty(verb)
    let Cancel = s:CallMethod(a:window, a:step.call, params, a:Callback)
    if has_key(a:step, 'spoil')
      call map(params.data, '"spoilt"')
    endif
    return Cancel
  endif
  let tokens = s:Tokens(a:run, a:window, get(params, 'name', 'oauth'))
  call extend(tokens.queue, get(a:step, 'refresh', []))
  let given = verb ==# 'get' ? [filter(params, {name, _ -> name ==# 'rejected'})] : has_key(params, 'tokens') ? [params.tokens] : []
  return call(tokens.object[toupper(verb[0]) . verb[1 :]], given + (type(a:Callback) == v:t_func ? [a:Callback] : []))
endfunction

" [error, result] of a call that waits.
function! s:Try(Run) abort
  try
    return [v:null, a:Run()]
  catch /^pluginvault:/
    return [pluginvault#Error(), v:null]
  catch
    return [v:exception, v:null]
  endtry
endfunction

function! s:Step(run, step) abort
  if has_key(a:step, 'open')
    let [err, _] = s:Try({-> s:Open(a:run, a:step.open, get(a:step, 'as', ''))})
    return s:Settle(a:run, a:step, err, v:null)
  elseif has_key(a:step, 'close')
    return s:Window(a:run, a:step.close).sidecar.Close()
  elseif has_key(a:step, 'kill')
    return s:Kill(s:Window(a:run, a:step.kill))
  elseif has_key(a:step, 'cancel')
    return a:run.begun[a:step.cancel].Cancel()
  elseif has_key(a:step, 'end')
    let begun = remove(a:run.begun, a:step.end)
    call s:WaitUntil({-> !empty(begun.outcome)})
    return call('s:Settle', [a:run, a:step] + begun.outcome)
  endif
  let window = s:Window(a:run, get(a:step, 'in', 'a'))
  if has_key(a:step, 'folders')
    let window.folders = s:Fill(a:run, a:step.folders)
    call window.sidecar.UpdateFolders()
  elseif has_key(a:step, 'notice')
    call s:WaitUntil({-> !empty(window.notices)})
    call s:Match(a:run, remove(window.notices, 0), a:step.notice, 'the notice')
  elseif has_key(a:step, 'begin')
    let begun = {'outcome': []}
    let a:run.begun[a:step.begin] = begun
    let begun.Cancel = s:Call(a:run, a:step, window, {err, answer -> extend(begun.outcome, [err, answer])})
  else
    let [err, answer] = s:Try({-> s:Call(a:run, a:step, window, 0)})
    call s:Settle(a:run, a:step, err, answer)
  endif
endfunction

function! s:RunAll(run) abort
  for step in a:run.case.steps
    try
      call s:Step(a:run, step)
    catch
      call s:Fail(json_encode(step)[: 200], ':', v:exception, v:throwpoint)
    endtry
    if !empty(a:run.fault)
      call s:Fail(json_encode(step)[: 200], ':', a:run.fault)
    endif
  endfor
  if !empty(a:run.begun)
    call s:Fail('calls were begun and not ended:', keys(a:run.begun))
  endif
  for window in a:run.opened
    for tokens in values(window.tokens)
      if !empty(tokens.queue)
        call s:Fail('the refresh function was not called as often as expected')
      endif
    endfor
  endfor
endfunction

" `passed`, or the fault.
function! s:RunCase(case) abort
  let run = s:NewRun(a:case)
  try
    call s:RunAll(run)
    return 'passed'
  catch
    return v:exception
  finally
    for window in run.opened
      call window.sidecar.Close()
    endfor
  endtry
endfunction

let s:outcomes = {}
for s:case in json_decode(join(readfile($CASES), "\n"))
  let s:outcomes[s:case.tier . ': ' . s:case.name] = s:RunCase(s:case)
  call writefile([json_encode(s:outcomes)], $OUTCOMES)
endfor
qall!
