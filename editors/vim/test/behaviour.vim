" What Vim does in the tests of behaviour.test.mjs: SCENARIO names a function below, whose result is written to OUT as JSON.

let s:here = expand('<sfile>:p:h')

if !empty($LATIN)
  set encoding=latin1
endif

if !empty($SOCKET)
  let g:pluginvault = {'connect': $SOCKET}
endif

function! s:Open() abort
  if !empty($API_KEY)
    return pluginvault#Open({'apiKey': $API_KEY})
  endif
  return pluginvault#Open({'plugin': empty($PLUGIN) ? 'tests.behaviour' : $PLUGIN, 'installation': 'tests'})
endfunction

function! s:Write(value) abort
  call writefile([json_encode(a:value)], $OUT)
endfunction

" The error of a call as the test compares it.
function! s:Try(Run) abort
  try
    call a:Run()
  catch /^pluginvault:/
    let err = pluginvault#Error()
    return {'kind': err.kind, 'retryable': err.retryable, 'data': err.data, 'shown': v:exception}
  catch
    return {'kind': 'string', 'shown': v:exception}
  endtry
  return {'kind': 'none'}
endfunction

function! s:WaitFor(Condition) abort
  let begin = reltime()
  while !a:Condition() && reltimefloat(reltime(begin)) < 20
    sleep 1m
  endwhile
endfunction

" Stops a sidecar, and waits until all of its threads stand.
function! s:Stop(job) abort
  call job_stop(a:job, '19')
  let stat = printf('/proc/%d/stat', job_info(a:job).process)
  call s:WaitFor({-> readfile(stat)[0] =~# ') T'})
endfunction

function! s:Name() abort
  return empty($NAME) ? {} : {'name': $NAME}
endfunction

function! s:store() abort
  return {'revision': s:Open().Set('user', {'value': $VALUE}, s:Name())}
endfunction

function! s:read() abort
  return {'data': s:Open().Get('user', s:Name())}
endfunction

" Writes until the test kills Vim. Each number is written to OUT once it is on the disk.
function! s:write_on() abort
  let [vault, n] = [s:Open(), 0]
  while 1
    let n += 1
    call vault.Set('user', {'n': n, 'filler': repeat('x', 1000)})
    call s:Write({'n': n})
  endwhile
endfunction

function! s:fail() abort
  return s:Try({-> s:Open().Get('user', {'timeout': 3000})})
endfunction

" Runs an Ex command, and waits until it has shown something.
function! s:show() abort
  execute $COMMAND
  call s:WaitFor({-> execute('messages') =~# '\S'})
  return {'shown': execute('messages')}
endfunction

function! s:ended() abort
  let [vault, outcomes] = [s:Open(), {}]
  call vault.Set('user', {'n': 1})
  let job = pluginvault#Sidecar().connection.job
  call s:Stop(job)
  call vault.Set('user', {'n': 2}, {err, _ -> extend(outcomes, {'write': err.kind})})
  call vault.Get('user', {err, data -> extend(outcomes, {'read': data.n})})
  call job_stop(job, 'kill')
  call s:WaitFor({-> len(outcomes) == 2})
  for _ in range(4)
    call vault.Get('user')
    let running = pluginvault#Sidecar().connection
    call job_stop(running.job, 'kill')
    call s:WaitFor({-> running.over})
  endfor
  let outcomes.after = s:Try({-> vault.Get('user')})
  return outcomes
endfunction

" A sidecar that was stopped: a call that waits ends in time, and so does Vim.
function! s:stopped() abort
  let vault = s:Open()
  call vault.Ready()
  call s:Stop(pluginvault#Sidecar().connection.job)
  let begin = reltime()
  let outcome = s:Try({-> vault.Get('user', {'timeout': 300})})
  let outcome.took = float2nr(reltimefloat(reltime(begin)) * 1000)
  return outcome
endfunction

" A relay that ends during a write, then another one, during whose absence the data has changed.
function! s:relay_lost() abort
  let [vault, outcomes, changes] = [s:Open(), {}, []]
  call vault.Watch({change -> add(changes, change)})
  let carrier = pluginvault#Sidecar().connection.job
  call s:Stop(carrier)
  call vault.Set('user', {'value': 'unanswered'}, {err, _ -> extend(outcomes, {'write': err.kind})})
  call system('kill ' . $RELAY)
  call s:WaitFor({-> !isdirectory('/proc/' . $RELAY)})
  call job_stop(carrier, '18')
  call s:WaitFor({-> !empty(outcomes)})
  " More often than a sidecar may end.
  for _ in range(6)
    let outcomes.lost = s:Try({-> vault.Get('user')})
  endfor
  call s:Write({'lost': v:true})
  call s:WaitFor({-> !empty(changes)})
  return extend(outcomes, {'changes': len(changes), 'data': vault.Get('user')})
endfunction

function! s:invalid() abort
  let [vault, outcomes, loop] = [s:Open(), {}, {}]
  let loop.loop = loop
  let values = {
        \ 'nan': {'n': 0.0 / 0.0}, 'infinite': {'n': 1.0 / 0.0}, 'bytes': {'text': "\xff"}, 'surrogate': {'text': "\xed\xa0\x80"},
        \ 'split': {'text': "\xe2\xc3\xa9\x82\xac"}, 'code': {'F': function('tr')}, 'none': {'n': v:none}, 'blob': {'b': list2blob([255])},
        \ 'loop': loop,
        \ }
  for [name, value] in items(values)
    let outcomes[name] = s:Try({-> vault.Set('user', value)}).kind
  endfor
  let outcomes.stored = vault.Get('user') is v:null ? v:true : v:false
  return outcomes
endfunction

" What Vim makes of data that it can't hold, and what it keeps of numbers.
function! s:odd() abort
  let [vault, outcomes] = [s:Open(), {}]
  for name in ['nul', 'twice', 'backslash']
    let outcomes[name] = s:Try({-> vault.Get('user', {'name': name})}).kind
  endfor
  let before = vault.Record('user', {'name': 'numbers'})
  let outcomes.same = vault.Set('user', before.data, {'name': 'numbers'}) == before.revision ? v:true : v:false
  return outcomes
endfunction

" A callback that fails is reported, and stops nothing.
function! s:callback() abort
  let [vault, outcomes] = [s:Open(), {}]
  call vault.Set('user', {'n': 1}, {-> s:Fail()})
  call vault.Get('user', {_, data -> extend(outcomes, {'n': data.n})})
  call s:WaitFor({-> !empty(outcomes)})
  let outcomes.shown = execute('messages')
  return outcomes
endfunction

function! s:Fail() abort
  throw "the caller's own fault"
endfunction

" A watch: tells of what others store.
function! s:watch() abort
  let [vault, changes] = [s:Open(), []]
  call vault.Watch({change -> add(changes, change)})
  call s:Write({'watching': v:true})
  call s:WaitFor({-> !empty(changes)})
  return {'changes': changes, 'data': vault.Get('user')}
endfunction

function! s:update() abort
  let vault = s:Open()
  for _ in range(50)
    call vault.Update('user', {data -> {'n': get(data is v:null ? {} : data, 'n', 0) + 1}})
  endfor
  return {'n': vault.Get('user').n}
endfunction

function! s:closed() abort
  let [vault, outcomes] = [s:Open(), {}]
  call vault.Ready()
  let job = pluginvault#Sidecar().connection.job
  call vault.Set('user', {'n': 1}, {err, _ -> extend(outcomes, {'set': err is v:null ? 'stored' : err.kind})})
  call pluginvault#Sidecar().Close()
  let outcomes.after = s:Try({-> vault.Get('user')}).kind
  let outcomes.gone = job_status(job) ==# 'dead' ? v:true : v:false
  call s:WaitFor({-> has_key(outcomes, 'set')})
  return outcomes
endfunction

function! s:folders() abort
  let vault = s:Open()
  call vault.Set('workspace', {'here': 'first'})
  cd ..
  let elsewhere = vault.Get('workspace')
  cd project
  return {'elsewhere': elsewhere, 'back': vault.Get('workspace')}
endfunction

" Shows the help, and follows each of its links.
function! s:help() abort
  let doc = fnamemodify(s:here, ':h') . '/doc'
  execute 'helptags' doc
  help pluginvault
  let text = join(getline(1, '$'), "\n")
  let broken = []
  for link in uniq(sort(map(split(text, '\ze|[^| \t\n]\+|'), {_, part -> matchstr(part, '^|\zs[^| \t\n]\+\ze|')})))
    try
      execute empty(link) ? '' : 'help ' . link
    catch
      call add(broken, link)
    endtry
  endfor
  call delete(doc . '/tags')
  return {'broken': broken, 'text': text}
endfunction

function! s:example() abort
  execute 'source' s:here . '/example.vim'
  call s:WaitFor({-> execute('messages') =~# 'abc'})
  return {'shown': filter(split(execute('messages'), "\n"), {_, line -> line ==# 'abc'})}
endfunction

try
  call s:Write(call('s:' . $SCENARIO, []))
  qall!
catch
  call writefile([v:exception . ' at ' . v:throwpoint], $OUT)
  cquit
endtry
